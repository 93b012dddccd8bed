/// A counter-based random generator: Philox4x32 with 10 rounds.
///
/// Block *n* of a stream is a pure function of (seed, stream, *n*), so any element can be computed without the ones before it and every
/// device that knows the function draws the same numbers. The counter words are (block index low, block index high, stream low, stream
/// high) and the key words are (seed low, seed high); each block yields four 32-bit words.
///
/// Used in sequence, the generator hands out words 0, 1, 2, … of its stream; `position` is all the state there is, so saving seed, stream
/// and position resumes a sequence exactly.
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The output equals
/// that of the authors' Random123 library. Not for cryptography.
public struct Philox4x32: RandomNumberGenerator, Sendable {
  /// The key: equal seeds give equal numbers.
  public let seed: UInt64
  /// Which of the 2⁶⁴ independent sequences of the seed this generator draws from.
  public let stream: UInt64
  /// Index of the next 32-bit word to hand out; may be set to jump anywhere in the stream.
  public var position: UInt64

  // The block last computed. A block index is at most 2⁶² − 1, so `.max` says "none yet" and setting `position` needs no bookkeeping.
  private var cachedBlock = UInt64.max
  private var cachedWords = SIMD4<UInt32>()

  /// Creates a generator.
  /// - Parameters:
  ///   - seed: the key.
  ///   - stream: the sequence of that key, 0 by default; see `stream(named:)`.
  ///   - position: the index of the first 32-bit word to hand out, 0 by default.
  public init(seed: UInt64, stream: UInt64 = 0, position: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
    self.position = position
  }

  /// The stream number that belongs to a name: the 64-bit FNV-1a hash of its UTF-8 bytes.
  ///
  /// Every parameter and every purpose ("shuffle", "split", …) draws from a stream of its own, so adding one never moves the others.
  public static func stream(named name: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return hash
  }

  /// A generator of one thing's own, such as a sample's in an epoch: the block with the counter words (`first`, `second`, stream of the name
  /// low, high) gives its seed (words 0 and 1) and its stream (words 2 and 3). Things below 2³² are told apart.
  public static func own(seed: UInt64, name: String, first: Int, second: Int) -> Philox4x32 {
    let stream = stream(named: name)
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: second), UInt32(truncatingIfNeeded: stream),
      UInt32(truncatingIfNeeded: stream &>> 32))
    let words = block(counter: counter, key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed &>> 32)))
    return Philox4x32(seed: UInt64(words.x) | UInt64(words.y) &<< 32, stream: UInt64(words.z) | UInt64(words.w) &<< 32)
  }

  /// The Philox4x32-10 function: four random words from a counter and a key.
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let a = 0xd251_1f53 as UInt64 &* UInt64(c0)
      let b = 0xcd9e_8d57 as UInt64 &* UInt64(c2)
      c0 = UInt32(truncatingIfNeeded: b &>> 32) ^ c1 ^ k0
      c1 = UInt32(truncatingIfNeeded: b)
      c2 = UInt32(truncatingIfNeeded: a &>> 32) ^ c3 ^ k1
      c3 = UInt32(truncatingIfNeeded: a)
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// Block `index` of this stream; `position` plays no part.
  public func block(at index: UInt64) -> SIMD4<UInt32> {
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index &>> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream &>> 32))
    return Self.block(counter: counter, key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed &>> 32)))
  }

  /// Word `index` of this stream: word `index` mod 4 of block `index` / 4; `position` plays no part.
  public func word(at index: UInt64) -> UInt32 {
    block(at: index &>> 2)[Int(index & 3)]
  }

  /// The next 32 random bits; advances `position` by one.
  public mutating func nextWord() -> UInt32 {
    let wanted = position &>> 2
    if wanted != cachedBlock {
      cachedWords = block(at: wanted)
      cachedBlock = wanted
    }
    let word = cachedWords[Int(position & 3)]
    position &+= 1
    return word
  }

  /// The next 64 random bits, low word first; advances `position` by two.
  public mutating func next() -> UInt64 {
    let low = UInt64(nextWord())
    return low | UInt64(nextWord()) &<< 32
  }
}
