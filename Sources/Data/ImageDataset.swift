/// Images held in memory as bytes, normalised to float32 when they are gathered: a quarter of the memory, and the bytes stay exact.
public struct ImageDataset: Dataset {
  /// Shape of one image: [height, width, channels].
  public let sampleShape: [Int]
  /// The label of every image.
  public let labels: [Int32]
  /// A name for every class, in label order.
  public let classNames: [String]
  /// How bytes become numbers.
  public let normalization: Normalization
  /// All bytes, image by image.
  public let pixels: [UInt8]

  private let table: [Float]

  /// Number of images.
  public var count: Int { labels.count }

  /// Creates a dataset from bytes in memory.
  /// - Parameters:
  ///   - pixels: the images one after another, each row by row, channels innermost.
  ///   - sampleShape: [height, width, channels], all positive.
  ///   - labels: one per image, in 0 ..< classNames.count.
  ///   - classNames: a name for every class.
  ///   - normalization: one mean and deviation per channel; only scales to 0 … 1 when nil.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when shape, sizes, labels or channels disagree.
  public init(
    pixels: [UInt8], sampleShape: [Int], labels: [Int32], classNames: [String], normalization: Normalization? = nil,
    source: String = "images"
  ) throws(DataError) {
    guard sampleShape.count == 3, sampleShape.allSatisfy({ $0 > 0 }), let size = checkedProduct(sampleShape, times: labels.count) else {
      throw .badDimensions(path: source, dimensions: sampleShape)
    }
    guard size == pixels.count else { throw .wrongSize(what: source, found: pixels.count, expected: size) }
    try checkLabels(labels, classes: classNames.count, source: source)
    let channels = sampleShape[2]
    let normalization = normalization ?? .unit(channels: channels)
    guard normalization.mean.count == channels else {
      throw .wrongSize(what: "normalisation of \(source) (channels)", found: normalization.mean.count, expected: channels)
    }
    self.pixels = pixels
    self.sampleShape = sampleShape
    self.labels = labels
    self.classNames = classNames
    self.normalization = normalization
    table = normalization.table
  }

  /// The same images under another normalisation; the bytes are shared.
  /// - Throws: `DataError.wrongSize` when the number of channels differs.
  public func normalized(by normalization: Normalization) throws(DataError) -> ImageDataset {
    try ImageDataset(
      pixels: pixels, sampleShape: sampleShape, labels: labels, classNames: classNames, normalization: normalization)
  }

  /// The mean and (population) standard deviation of each channel over all images, from exact counts. A constant channel gets deviation 1.
  /// - Throws: `DataError.empty` without images.
  public func measuredNormalization() throws(DataError) -> Normalization {
    guard count > 0 else { throw .empty(what: "no images to measure a normalisation on") }
    let channels = sampleShape[2]
    var histogram = [Int](repeating: 0, count: 256 * channels)
    var channel = 0
    for byte in pixels {
      histogram[channel << 8 | Int(byte)] += 1
      channel = channel + 1 == channels ? 0 : channel + 1
    }
    var (means, deviations) = ([Float](), [Float]())
    for channel in 0..<channels {
      var (sum, squares) = (0.0, 0.0)
      for value in 0..<256 {
        let weight = Double(histogram[channel << 8 | value])
        sum += weight * Double(value)
        squares += weight * Double(value * value)
      }
      let number = Double(pixels.count / channels)
      let mean = sum / number
      let deviation = max(0, squares / number - mean * mean).squareRoot()
      means.append(Float(mean / 255))
      deviations.append(deviation > 0 ? Float(deviation / 255) : 1)
    }
    return Normalization(unchecked: means, deviations)
  }

  /// Hashes of the images' bytes; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    let (count, size) = (count, sampleSize)
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    return pixels.withUnsafeBytes { pixels in
      indices.map { ContentHash.of(UnsafeRawBufferPointer(rebasing: pixels[$0 * size..<($0 + 1) * size])) }
    }
  }

  /// Writes images and labels; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range or a buffer too small.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    let (size, channels) = (sampleSize, sampleShape[2])
    for (position, index) in indices.enumerated() { labels[position] = self.labels[index] }
    guard var target = features.baseAddress else { return }
    pixels.withUnsafeBufferPointer { pixels in
      table.withUnsafeBufferPointer { table in
        for index in indices {
          let image = UnsafeBufferPointer(rebasing: pixels[index * size..<(index + 1) * size])
          if channels == 1 {
            for pixel in 0..<size { target[pixel] = table[Int(image[pixel])] }
          } else {
            var pixel = 0
            while pixel < size {
              for channel in 0..<channels { target[pixel + channel] = table[channel << 8 | Int(image[pixel + channel])] }
              pixel += channels
            }
          }
          target += size
        }
      }
    }
  }
}
