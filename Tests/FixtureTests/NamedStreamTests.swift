import Testing

@Suite("Named streams")
struct NamedStreamTests {
  @Test("They begin as the fixtures' README says") func first() {
    #expect(NamedStream.values("optimizer/a/initial", count: 3, scale: 0.5) == [0.18683285, -0.24564725, -0.2757678])
  }
}
