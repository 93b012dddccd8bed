import GlissadeTensors
import Testing

@testable import ConformanceCases

/// What Philox makes of dropout; that every device does the same is one of the checks.
struct DropoutTests {
  @Test func asManyAreDroppedAsAskedFor() {
    let kept = Check.dropoutFactors(step: 1, seed: 1, stream: 0)
    let dropped = Double(kept.count { $0 == 0 }) / Double(kept.count)
    let deviation = (0.3 * 0.7 / Double(kept.count)).squareRoot()
    #expect(abs(dropped - 0.3) < 4 * deviation)
    // Masks of other steps, streams and seeds have nothing to do with it: they agree as often as chance has it, 0.3² + 0.7².
    for other in [
      Check.dropoutFactors(step: 2, seed: 1, stream: 0), Check.dropoutFactors(step: 1, seed: 1, stream: 1),
      Check.dropoutFactors(step: 1, seed: 2, stream: 0),
    ] {
      let agreeing = Double(zip(kept, other).count { $0 == $1 }) / Double(kept.count)
      #expect(abs(agreeing - 0.58) < 0.05)
    }
  }

  @Test func nothingIsDroppedOutsideTraining() {
    let graph = Graph(isTraining: false)
    let x = graph.input("x", shape: [4])
    #expect(x.dropout(0.5).id == x.id)
  }
}
