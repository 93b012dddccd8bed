import Foundation
import Glissade

// Teaches EfficientNet-Lite0, with weights from ImageNet, the classes of a folder of pictures: FineTuning WEIGHTS PICTURES
guard CommandLine.arguments.count == 3 else {
  print("usage: FineTuning WEIGHTS PICTURES")
  exit(2)
}
do {
  let folder = try PictureFolder(path: CommandLine.arguments[2])
  let split = try folder.split(validation: 0.2, test: 0, seed: 1)
  let pipeline = PicturePipeline(size: 224)
  let training = try PictureDataset(split.training, pipeline: pipeline)
  let validation = try PictureDataset(split.validation, pipeline: pipeline)

  // The published network with another head, and its weights where it still has them.
  let head = HeadDesign(classes: folder.classNames.count)
  let model = try EfficientNetLite(.lite0, classes: 1000).replacingHead(by: head)
  let pretrained = try PretrainedModel(
    contentsOf: CommandLine.arguments[1], model: model, sampleShape: [224, 224, 3], seed: 1)
  print("loaded \(pretrained.report.loaded.count) tensors; new: \(pretrained.report.replacedHead.map(\.path))")

  // Two epochs for the head alone, on features that are computed once; then everything, the backbone gently and close to where it was.
  let isHead = LayerPath.headPaths(of: model)
  let headGroup = ParameterGroup(Adam(learningRate: 1e-3), takes: { isHead.contains($0) })
  let backboneGroup = ParameterGroup(Adam(learningRate: 1e-4), stayClose: 1e-3, takes: { !isHead.contains($0) })
  var options = TrainingOptions(groups: [headGroup])
  options.laterPhases = [TrainingPhase(firstEpoch: 3, groups: [headGroup, backboneGroup])]
  options.anchor = pretrained.state
  options.featureCache = FeatureCache()
  options.epochs = 4
  options.batchSize = 32

  let result = try Trainer(model: model, options: options).fit(
    training, validation: validation, on: try DeviceSelection.open(.auto), from: pretrained.state,
    observe: { event in
      if case .epoch(let row) = event { print("epoch \(row.epoch): validation accuracy \(row.validationAccuracy)") }
    })
  if let failure = result.failure { throw failure }
  try result.state.save(to: "fine-tuned.safetensors")
} catch {
  FileHandle.standardError.write(Data("fine-tuning: \(error)\n".utf8))
  exit(1)
}
