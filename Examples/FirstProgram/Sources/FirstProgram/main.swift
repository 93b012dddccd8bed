import Glissade

// A network is a struct that holds layers and says what becomes of its input: here pictures of 28×28 grey pixels.
struct Network: Layer {
  let conv = Conv2D(1, 16, kernel: 3, padding: 1)
  let pool = MaxPool2D(4)
  let output = Dense(7 * 7 * 16, 10)

  func forward(_ x: Tensor) -> Tensor { output(pool(relu(conv(x))).flattened()) }
}

var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 1e-3))])
options.epochs = 2
let result = try Trainer(model: Network(), options: options).fit(
  FashionMNIST.load(.training), test: FashionMNIST.load(.test),
  observe: { event in
    if case .epoch(let row) = event { print("epoch \(row.epoch): loss \(row.trainLoss)") }
  })
print("test accuracy \(result.record.testAccuracy)")
try result.state.save(to: "network.safetensors")
