import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadePlanning
import GlissadeTensors
import TestSupport

/// Training steps of whole models, to be planned.
enum TrainingPlans {
  static let cpu = DeviceProfile(style: .cpu, tile: RegisterTile(rows: 8, columns: 32), shares: 64, workers: 2)
  static let gpu = DeviceProfile(style: .gpu, tile: RegisterTile(rows: 4, columns: 16), shares: 4096, workers: 2)

  /// With updates and clipping.
  static func request(_ model: some Layer, input: Shape, isTrained: (String) -> Bool = { _ in true }) -> StepRequest {
    var request = TracedModel(model, input: input, isTrained: isTrained).request
    request.updates = [Adam()]
    request.clippingNorm = 1
    return request
  }

  static var lenet: StepRequest { request(LeNet(input: [28, 28, 1], classes: 10), input: [32, 28, 28, 1]) }
  static var resnet: StepRequest { request(ResNet(channels: 3, classes: 10), input: [8, 32, 32, 3]) }
  static var mlp: StepRequest { request(MLP([784, 512, 256, 10]), input: [32, 784]) }
}
