import GlissadeRandom
import Testing

@Suite struct PhiloxTests {
  /// The vectors of Random123's kat_vectors file for philox4x32-10.
  @Test func knownAnswers() {
    let zero = Philox4x32.block(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = Philox4x32.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = Philox4x32.block(
      counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
    #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func counterAndKeyAreLaidOutAsDocumented() {
    let generator = Philox4x32(seed: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e)
    #expect(generator.block(at: 0x85a3_08d3_243f_6a88) == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func sequenceEqualsRandomAccess() {
    var generator = Philox4x32(seed: 7, stream: 9)
    let whole = generator
    for index in 0..<37 {
      #expect(generator.nextWord() == whole.word(at: UInt64(index)))
    }
    #expect(generator.position == 37)
    generator.position = 5
    #expect(generator.next() == UInt64(whole.word(at: 5)) | UInt64(whole.word(at: 6)) << 32)
    #expect(generator.nextUniform() == whole.uniform(at: 7))
    var resumed = Philox4x32(seed: 7, stream: 9, position: generator.position)
    #expect(resumed.next() == generator.next())
  }

  @Test func seedsAndStreamsDiffer() {
    let words = [(1, 1), (1, 2), (2, 1)].map { Philox4x32(seed: $0.0, stream: $0.1).block(at: 0) }
    #expect(Set(words).count == 3)
  }

  @Test(arguments: [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)] as [(String, UInt64)])
  func streamNamesAreFNV1a(name: String, hash: UInt64) {
    #expect(Philox4x32.stream(named: name) == hash)
  }
}
