import Glibc
import GlissadeRandom

/// Mixup and cutmix: every sample of a batch is blended with another one of it, and so are their labels.
///
/// Mixup is λ x + (1 − λ) x′. Cutmix replaces a rectangle of x, a share 1 − λ of its area, by the same part of x′, and then λ is what
/// is really left of x. λ is drawn from Beta(α, α) once for a batch, the partners are a random permutation. Where both are asked for,
/// each batch draws one of them, equally likely. The numbers come from stream "mixing" for (batch, epoch), so that a batch is mixed the
/// same wherever an epoch is entered.
///
/// H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018; S. Yun et al., "CutMix", ICCV 2019.
public struct BatchMixing: SampleMixing, Equatable {
  /// α of mixup; nil for no mixup.
  public let mixup: Float?
  /// α of cutmix; nil for no cutmix.
  public let cutmix: Float?
  /// The seed.
  public var seed: UInt64

  /// α of mixup where none is given: 0.2, as the paper has it for ImageNet.
  public static let defaultMixup: Float = 0.2
  /// α of cutmix where none is given: 1, λ uniform.
  public static let defaultCutmix: Float = 1

  /// Chooses what is done.
  /// - Throws: `DataError.invalidArgument` when neither is asked for, or an α is not above 0 and at most 1000.
  public init(mixup: Float? = nil, cutmix: Float? = nil, seed: UInt64 = 0) throws(DataError) {
    for (name, alpha) in [("mixup", mixup), ("cutmix", cutmix)] {
      if let alpha, !(alpha > 0 && alpha <= 1000) {
        throw .invalidArgument(name: "\(name)'s alpha", value: "\(alpha)", requirement: "above 0 and at most 1000")
      }
    }
    guard mixup != nil || cutmix != nil else { throw .invalidArgument(name: "mixing", value: "nothing", requirement: "mixup or cutmix") }
    self.mixup = mixup
    self.cutmix = cutmix
    self.seed = seed
  }

  /// What is to be done with a batch.
  struct Plan: Equatable {
    /// The place in the batch of what each sample is mixed with.
    var partners: [Int]
    /// How much of each sample is still its own.
    var share: Float
    /// The rectangle that comes from the partner; nil for mixup.
    var rectangle: Rectangle?
  }

  struct Rectangle: Equatable {
    var rows: Range<Int>
    var columns: Range<Int>
  }

  func plan(count: Int, sampleShape: [Int], epoch: Int, batch: Int) -> Plan {
    var random = Philox4x32.own(seed: seed, name: "mixing", first: batch, second: epoch)
    let both = mixup != nil && cutmix != nil
    let cuts = both ? random.nextUniform() < 0.5 : cutmix != nil
    let lambda = random.nextBeta(Double((cuts ? cutmix : mixup) ?? 1))
    var plan = Plan(partners: [], share: Float(lambda))
    if cuts, sampleShape.count == 3 {
      let (height, width) = (sampleShape[0], sampleShape[1])
      let side = max(0, 1 - lambda).squareRoot()
      let (row, column) = (Int(random.integer(below: UInt64(height))), Int(random.integer(below: UInt64(width))))
      func span(_ middle: Int, _ size: Int) -> Range<Int> {
        let half = Int((side * Double(size) / 2).rounded(.down))
        return max(0, middle - half)..<min(size, middle + half)
      }
      let rectangle = Rectangle(rows: span(row, height), columns: span(column, width))
      plan.rectangle = rectangle
      plan.share = 1 - Float(rectangle.rows.count * rectangle.columns.count) / Float(height * width)
    }
    plan.partners = random.permutation(count: count)
    return plan
  }

  /// Mixes a batch in place; see `SampleMixing`. Samples that are no pictures [height, width, channels] are blended under cutmix too.
  public func mix(
    features: UnsafeMutableBufferPointer<Float>, count: Int, sampleShape: [Int], epoch: Int, batch: Int,
    partners: UnsafeMutableBufferPointer<Int32>, shares: UnsafeMutableBufferPointer<Float>
  ) {
    let size = sampleShape.reduce(1, *)
    guard count > 0, features.count >= count * size, partners.count >= count, shares.count >= count else { return }
    let plan = plan(count: count, sampleShape: sampleShape, epoch: epoch, batch: batch)
    for (sample, partner) in plan.partners.enumerated() {
      partners[sample] = Int32(truncatingIfNeeded: partner)
      shares[sample] = plan.share
    }
    guard let base = features.baseAddress else { return }
    // Round each cycle of the permutation: a sample changes once the one that it is a partner of has been served, and the first of a
    // cycle, which changes before the last is served, is set aside.
    let first = UnsafeMutablePointer<Float>.allocate(capacity: size)
    defer { first.deallocate() }
    var isDone = [Bool](repeating: false, count: count)
    for start in 0..<count where !isDone[start] {
      first.update(from: base + start * size, count: size)
      var sample = start
      repeat {
        isDone[sample] = true
        let partner = plan.partners[sample]
        blend(base + sample * size, partner == start ? UnsafePointer(first) : UnsafePointer(base + partner * size), plan, sampleShape)
        sample = partner
      } while sample != start
    }
  }

  private func blend(_ own: UnsafeMutablePointer<Float>, _ other: UnsafePointer<Float>, _ plan: Plan, _ shape: [Int]) {
    guard let rectangle = plan.rectangle else {
      let (share, rest) = (plan.share, 1 - plan.share)
      for element in 0..<shape.reduce(1, *) { own[element] = share * own[element] + rest * other[element] }
      return
    }
    let (width, channels) = (shape[1], shape[2])
    for row in rectangle.rows {
      let place = (row * width + rectangle.columns.lowerBound) * channels
      (own + place).update(from: other + place, count: rectangle.columns.count * channels)
    }
  }
}

extension Philox4x32 {
  /// A number from Beta(α, α): x / (x + y) with x and y from Gamma(α).
  fileprivate mutating func nextBeta(_ alpha: Double) -> Double {
    let (x, y) = (nextLogGamma(alpha), nextLogGamma(alpha))
    // As logarithms, because with a small α both can be too small for a number.
    return 1 / (1 + exp(y - x))
  }

  /// The logarithm of a number from Gamma(α, 1), by G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000.
  private mutating func nextLogGamma(_ alpha: Double) -> Double {
    // Below 1: Gamma(α) = Gamma(α + 1) · U^(1/α).
    let shape = alpha < 1 ? alpha + 1 : alpha
    let boost = alpha < 1 ? log((Double(nextWord()) + 0.5) * 0x1p-32) / alpha : 0
    let d = shape - 1.0 / 3
    while true {
      let z = nextNormalPair().0
      let v = 1 + z / (9 * d).squareRoot()
      if v <= 0 { continue }
      let cube = v * v * v
      let u = (Double(nextWord()) + 0.5) * 0x1p-32
      if log(u) < 0.5 * z * z + d - d * cube + d * log(cube) { return log(d * cube) + boost }
    }
  }
}
