import GlissadeTensors
import Testing

@Suite("Activations against PyTorch")
struct ActivationTests {
  private static let fixture = Result { try Fixture("activations") }
  private static let plain: [String: @Sendable (Tensor) -> Tensor] = [
    "gelu": { gelu($0) }, "mish": { mish($0) }, "softplus-beta": { softplus($0, beta: 2.5) }, "softsign": { softsign($0) },
    "leaky-relu": { leakyRelu($0) }, "leaky-relu-slope": { leakyRelu($0, slope: 0.3) }, "elu": { elu($0) },
    "elu-alpha": { elu($0, alpha: 0.4) }, "selu": { selu($0) }, "celu": { celu($0) }, "celu-alpha": { celu($0, alpha: 0.6) },
    "hardtanh": { hardtanh($0) }, "hardtanh-bounds": { hardtanh($0, from: -0.5, to: 2) }, "relu6": { relu6($0) },
    "hardswish": { hardswish($0) }, "hardsigmoid": { hardsigmoid($0) },
  ]
  private static let learned = ["prelu", "prelu-channels"]

  @Test("Every case of the fixture is tested") func complete() throws {
    #expect(Set(try Self.fixture.get().metadata("cases").strings) == Set(Self.plain.keys).union(Self.learned))
  }

  @Test("Values and gradients", arguments: DeviceUnderTest.all) func values(on under: DeviceUnderTest) throws {
    for (name, function) in Self.plain {
      try Self.fixture.get().check(name, on: under, tolerance: LayerTests.tolerance) { inputs, _ in function(try #require(inputs["input"]))
      }
    }
  }

  @Test("Slopes that are learnt", arguments: DeviceUnderTest.all, learned) func slopes(on under: DeviceUnderTest, name: String) throws {
    try Self.fixture.get().check(name, on: under, tolerance: LayerTests.tolerance) { inputs, _ in
      leakyRelu(try #require(inputs["input"]), slope: try #require(inputs["weight"]))
    }
  }
}
