/// What is kept of a decoded picture: as much as later steps need of it, so that epochs after the first need not decode again.
///
/// It is the same whether it was kept or is made anew, so that memory decides about speed alone.
enum StoredForm: Equatable, Sendable {
  /// The middle, `size` × `size`, of the picture with its shorter side resized to `resize`.
  case middle(size: Int, resize: Int)
  /// All of the resized picture, but of a long one at most the middle `longest` pixels.
  case resized(resize: Int, longest: Int)
  /// The picture as it was decoded; where its shorter side is beyond `side`, resized to that.
  case decoded(side: Int)

  init(_ pipeline: PicturePipeline, isTraining: Bool) {
    let choice = isTraining ? pipeline.augmentations.first(where: \.choosesPart) : nil
    self =
      switch choice {
      case .crop: .resized(resize: pipeline.resize, longest: 4 * pipeline.resize)
      case .resizedCrop: .decoded(side: 2 * pipeline.size)
      default: .middle(size: pipeline.size, resize: pipeline.resize)
      }
  }

  /// A JPEG whose shorter side is far beyond what is needed may be decoded at a fraction of its size: twice what is needed is left for
  /// the filter to work on.
  var sideToDecode: Int {
    switch self {
    case .middle(_, let resize), .resized(let resize, _): 2 * resize
    case .decoded(let side): 2 * side
    }
  }

  /// The size of what is kept of a picture.
  func size(width: Int, height: Int) -> (width: Int, height: Int) {
    switch self {
    case .middle(let size, _): return (size, size)
    case .resized(let resize, let longest):
      let size = Self.size(width: width, height: height, shorterSide: resize)
      return (min(size.width, longest), min(size.height, longest))
    case .decoded(let side):
      return min(width, height) > side ? Self.size(width: width, height: height, shorterSide: side) : (width, height)
    }
  }

  /// The part to keep; nil without memory.
  func reduce(_ picture: Picture) -> Picture? {
    let kept = size(width: picture.width, height: picture.height)
    let whole =
      switch self {
      case .middle(_, let resize), .resized(let resize, _):
        Self.size(width: picture.width, height: picture.height, shorterSide: resize)
      case .decoded: kept
      }
    if kept == (picture.width, picture.height), whole == kept { return picture }
    // The middle as torchvision finds it: half of what is left over, halves rounded to even numbers.
    func middle(_ whole: Int, _ part: Int) -> Int { Int((Double(whole - part) / 2).rounded(.toNearestOrEven)) }
    return picture.resized(
      PictureWindow(left: 0, top: 0, width: picture.width, height: picture.height), width: whole.width, height: whole.height,
      keeping: PictureWindow(
        left: middle(whole.width, kept.width), top: middle(whole.height, kept.height), width: kept.width, height: kept.height))
  }

  /// The size after the shorter side has been brought to a length, the longer one rounded down as torchvision does.
  private static func size(width: Int, height: Int, shorterSide side: Int) -> (width: Int, height: Int) {
    width <= height ? (side, side * height / width) : (side * width / height, side)
  }
}
