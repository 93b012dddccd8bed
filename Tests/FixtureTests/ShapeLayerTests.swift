import GlissadeDevices
import GlissadeLayers
import Testing

/// Layers of lines, volumes and other sizes: their names, and what of them is random.
struct ShapeLayerTests {
  private func paths(_ layer: any Layer) -> [String] { LayerPath.parameters(of: layer).map { "\($0.path) \($0.parameter.shape)" } }

  @Test func weightsAreNamedAndShapedAsPyTorchHasThem() {
    #expect(paths(Conv1D(4, 6, kernel: 3, groups: 2)) == ["weight [6, 3, 2]", "bias [6]"])
    #expect(paths(ConvTranspose1D(4, 6, kernel: 3, groups: 2)) == ["weight [4, 3, 3]", "bias [6]"])
    #expect(paths(ConvTranspose2D(4, 6, kernel: 3, bias: false)) == ["weight [4, 3, 3, 6]"])
    #expect(paths(Conv3D(4, 6, kernel: 3)) == ["weight [6, 3, 3, 3, 4]", "bias [6]"])
    #expect(paths(ConvTranspose3D(4, 6, kernel: 2)) == ["weight [4, 2, 2, 2, 6]", "bias [6]"])
    #expect(paths(Concatenate(Sequential(), Dense(3, 2, bias: false))) == ["branches.1.weight [2, 3]"])
  }

  /// Of a network's results, the shape.
  private func shape(_ layer: any Layer, _ input: Shape) -> Shape {
    let graph = Graph(isTraining: false)
    let y = layer(graph.input("x", shape: input))
    #expect(graph.firstError == nil)
    return y.shape
  }

  @Test func shapes() {
    #expect(shape(Sequential(Conv1D(3, 8, kernel: 5, padding: 2), MaxPool1D(2), AdaptiveAveragePool1D(3)), [2, 11, 3]) == [2, 3, 8])
    #expect(shape(ConvTranspose1D(3, 5, kernel: 4, stride: 2, padding: 1), [2, 7, 3]) == [2, 14, 5])
    #expect(shape(ConvTranspose2D(3, 5, kernel: 4, stride: 2, padding: 1), [2, 7, 6, 3]) == [2, 14, 12, 5])
    #expect(shape(Conv3D(3, 5, kernel: 3, stride: 2, padding: 1), [2, 5, 6, 7, 3]) == [2, 3, 3, 4, 5])
    #expect(shape(ConvTranspose3D(3, 5, kernel: 2, stride: 2), [2, 3, 2, 4, 3]) == [2, 6, 4, 8, 5])
    #expect(shape(FractionalMaxPool2D(2, ratio: 0.7), [2, 10, 13, 3]) == [2, 7, 9, 3])
    #expect(shape(Upsample(3, mode: .bilinear), [2, 4, 5, 3]) == [2, 12, 15, 3])
    #expect(shape(Pad2D(top: 1, left: 2, right: -1, mode: .reflect), [2, 4, 5, 3]) == [2, 5, 6, 3])
    #expect(shape(Pad1D(2, 0, mode: .replicate), [2, 4, 3]) == [2, 6, 3])
    #expect(shape(Concatenate(Sequential(), Conv2D(3, 5, kernel: 3, padding: 1)), [2, 4, 5, 3]) == [2, 4, 5, 8])
    #expect(shape(AdaptiveMaxPool2D(2, 3), [2, 7, 5, 3]) == [2, 2, 3, 3])
  }

  /// The regions are another grid in each step and the same on every device; each is what one of Graham's sequences says.
  @Test("Fractional max pooling draws its regions", arguments: DeviceUnderTest.all) func regions(on under: DeviceUnderTest) throws {
    let size = 23
    // A ramp down the rows: the largest pixel of a region is in its last row, so results say where regions end.
    let ramp = (0..<size * size).map { Float($0 / size) }
    func rows(_ isTraining: Bool, _ step: Int) throws -> [Float] {
      let results = try GraphRunner(under.device).run(isTraining: isTraining, inputs: ["x": StepInput(ramp)], step: step) {
        ["y": FractionalMaxPool2D(2, height: 16, width: 16)($0.input("x", shape: [1, size, size, 1]))]
      }
      let y = try #require(results["y"])
      return stride(from: 0, to: y.count, by: 16).map { y[$0] }
    }
    var seen = Set<[Float]>()
    for step in 1...12 {
      let ends = try rows(true, step)
      seen.insert(ends)
      #expect(ends.first == 1 && ends.last == 22)
      #expect(zip(ends, ends.dropFirst()).allSatisfy { [1, 2].contains($1 - $0) }, "\(ends)")
    }
    #expect(seen.count >= 4)
    #expect(try rows(true, 3) == rows(true, 3) && rows(false, 3) == rows(false, 4))
    #expect(try rows(true, 5) == Self.onTheCPU.get())
  }

  private static let onTheCPU = Result {
    let ramp = (0..<23 * 23).map { Float($0 / 23) }
    let results = try GraphRunner(CPUDevice(threads: 1)).run(isTraining: true, inputs: ["x": StepInput(ramp)], step: 5) {
      ["y": FractionalMaxPool2D(2, height: 16, width: 16)($0.input("x", shape: [1, 23, 23, 1]))]
    }
    let y = results["y"] ?? []
    return stride(from: 0, to: y.count, by: 16).map { y[$0] }
  }

  @Test("Uniform numbers", arguments: DeviceUnderTest.all) func uniform(on under: DeviceUnderTest) throws {
    let numbers = try #require(
      try GraphRunner(under.device).run(isTraining: true, inputs: [:], step: 1) { ["u": $0.uniform([1000])] }["u"])
    #expect(numbers.allSatisfy { (0..<1).contains($0) } && Set(numbers).count > 990)
    #expect(abs(numbers.reduce(0, +) / 1000 - 0.5) < 0.04)
  }

  @Test func mistakesSayWhatWouldFit() {
    func message(_ layer: any Layer, _ shape: Shape) -> String {
      let graph = Graph(isTraining: false)
      _ = layer(graph.input("x", shape: shape))
      return graph.firstError.map { "\($0)" } ?? ""
    }
    #expect(message(Conv1D(3, 4, kernel: 3), [2, 5, 5, 3]).contains("lines are [batch, length, channels]"))
    #expect(message(MaxPool1D(2), [2, 5]).contains("lines are [batch, length, channels]"))
    #expect(message(Conv3D(3, 4, kernel: 3), [2, 2, 5, 5, 3]).contains("a window of 3 layers does not fit padded volumes of 2"))
    #expect(message(FractionalMaxPool2D(2, height: 9, width: 3), [2, 6, 6, 1]).contains("there may be from 1 to 5 of them"))
    #expect(message(FractionalMaxPool2D(2, ratio: 1.5), [2, 6, 6, 1]).contains("above 0 and below 1"))
  }
}
