import CPictures
import Glibc
import GlissadeRandom

/// The operations that automatic augmentation draws from, each with a magnitude that goes from nothing to a largest one in 31 steps: torchvision's
/// `RandAugment` (Cubuk et al. 2020) and `TrivialAugmentWide` (Müller and Hutter 2021), which differ in how they draw and how far they go.
struct AugmentationPolicy: Sendable {
  /// In torchvision's order.
  enum Operation: String, CaseIterable, Sendable {
    case identity = "Identity"
    case shearX = "ShearX"
    case shearY = "ShearY"
    case translateX = "TranslateX"
    case translateY = "TranslateY"
    case rotate = "Rotate"
    case brightness = "Brightness"
    case color = "Color"
    case contrast = "Contrast"
    case sharpness = "Sharpness"
    case posterize = "Posterize"
    case solarize = "Solarize"
    case autoContrast = "AutoContrast"
    case equalize = "Equalize"

    /// Whether its magnitude may as well be negative.
    var isSigned: Bool {
      switch self {
      case .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .color, .contrast, .sharpness: true
      case .identity, .posterize, .solarize, .autoContrast, .equalize: false
      }
    }
  }

  /// Steps of a magnitude, from 0 to the largest.
  static let bins = 31

  /// The largest shear (a tangent), turn in degrees, change of a colour's factor, and bits that posterizing takes.
  let shear: Double
  let degrees: Double
  let colour: Double
  let bits: Double
  /// The largest shift in pixels, of a picture's side.
  let shift: @Sendable (_ side: Int) -> Double

  static let rand = AugmentationPolicy(shear: 0.3, degrees: 30, colour: 0.9, bits: 4) { 150.0 / 331 * Double($0) }
  static let trivial = AugmentationPolicy(shear: 0.99, degrees: 135, colour: 0.99, bits: 6) { _ in 32 }

  private init(shear: Double, degrees: Double, colour: Double, bits: Double, shift: @escaping @Sendable (Int) -> Double) {
    (self.shear, self.degrees, self.colour, self.bits, self.shift) = (shear, degrees, colour, bits, shift)
  }

  /// An operation's magnitude at a step: a tangent, pixels, degrees, what is added to a factor of 1, bits that are kept, or the threshold of
  /// bytes from which they are turned round; 0 for those that have none.
  /// - Parameters:
  ///   - bin: from 0 to `bins` − 1.
  ///   - side: of the picture.
  func magnitude(of operation: Operation, bin: Int, side: Int) -> Double {
    let share = Double(bin) / Double(Self.bins - 1)
    return switch operation {
    case .identity, .autoContrast, .equalize: 0
    case .shearX, .shearY: shear * share
    case .translateX, .translateY: shift(side) * share
    case .rotate: degrees * share
    case .brightness, .color, .contrast, .sharpness: colour * share
    case .posterize: 8 - (bits * share).rounded(.toNearestOrEven)
    case .solarize: 255 * (1 - share)
    }
  }

  /// Draws an operation with its magnitude.
  /// - Parameter bin: the step; `nil` for one that is drawn, too.
  func draw(_ random: inout Philox4x32, bin: Int?, side: Int) -> (operation: Operation, magnitude: Double) {
    let operation = Operation.allCases[random.integer(upTo: Operation.allCases.count - 1)]
    let magnitude = magnitude(of: operation, bin: bin ?? random.integer(upTo: Self.bins - 1), side: side)
    return (operation, operation.isSigned && random.happens(0.5) ? -magnitude : magnitude)
  }
}

extension AugmentationPolicy.Operation {
  /// Changes a square of values from 0 to 1 in place. What comes from beyond the picture is black.
  func apply(_ magnitude: Double, to pixels: UnsafeMutablePointer<Float>, side: Int) {
    let area = side * side
    func move(_ matrix: [Double]) {
      let copy = Array(UnsafeBufferPointer(start: pixels, count: 3 * area))
      picture_affine(copy, side, side, matrix, pixels)
    }
    switch self {
    case .identity: break
    case .shearX: move([1, magnitude, 0, 0, 1, 0])
    case .shearY: move([1, 0, 0, magnitude, 1, 0])
    case .translateX: move([1, 0, -magnitude.rounded(.towardZero), 0, 1, 0])
    case .translateY: move([1, 0, 0, 0, 1, -magnitude.rounded(.towardZero)])
    case .rotate: move(Self.turn(degrees: magnitude, side: side))
    case .brightness: picture_brightness(pixels, area, Float(1 + magnitude))
    case .color: picture_saturation(pixels, area, Float(1 + magnitude))
    case .contrast: picture_contrast(pixels, area, Float(1 + magnitude))
    case .sharpness:
      let copy = Array(UnsafeBufferPointer(start: pixels, count: 3 * area))
      picture_sharpness(copy, side, side, Float(1 + magnitude), pixels)
    case .posterize: picture_posterize(pixels, area, Int32(magnitude))
    // Bytes that are the threshold are turned round, however the two are rounded.
    case .solarize: picture_solarize(pixels, area, Float(magnitude / 255 - 1e-6))
    case .autoContrast: picture_autocontrast(pixels, area)
    case .equalize: picture_equalize(pixels, area)
    }
  }

  /// From a pixel of a picture that is turned counter-clockwise about its middle to where it comes from.
  private static func turn(degrees: Double, side: Int) -> [Double] {
    let (angle, middle) = (degrees * .pi / 180, Double(side) / 2)
    let (cosine, sine) = (cos(angle), sin(angle))
    return [cosine, -sine, middle - cosine * middle + sine * middle, sine, cosine, middle - sine * middle - cosine * middle]
  }
}
