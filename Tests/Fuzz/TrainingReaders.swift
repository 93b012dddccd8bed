import Glibc
import GlissadeFormats
import GlissadeTraining
import TestSupport

/// The checkpoints of trainings. Each input is tried as it is and with the checksum that it would have to have, because few get past that.
func trainingCheckpoint(_ folder: TemporaryFolder) throws -> Reader {
  var checkpoint = TrainingCheckpoint(
    state: ModelState(parameters: [
      .init(path: "a.weight", shape: [2, 2], values: [1, 2, 3, 4]), .init(path: "a.bias", shape: [2], values: [5, 6]),
    ]))
  checkpoint.state.steps = 7
  checkpoint.state.optimizer = [
    .init(
      path: "a.weight", steps: 7, slots: [.init(name: "exp_avg", values: [1, 2, 3, 4]), .init(name: "exp_avg_sq", values: [1, 2, 3, 4])])
  ]
  checkpoint.completedEpochs = 1
  checkpoint.completedBatches = 2
  checkpoint.sums = Array(0..<16)
  checkpoint.record.epochs = [
    EpochRecord(
      epoch: 1, step: 5, learningRate: 0.1, trainLoss: 0.5, trainAccuracy: 0.75, validationLoss: .nan, validationAccuracy: .nan, seconds: 1,
      samplesPerSecond: 80)
  ]
  checkpoint.options = ["lr": 0.1]
  try checkpoint.save(to: folder.file("training"))
  return Reader(name: "training-checkpoint", corpus: [try folder.get("training")]) { bytes in
    let check = HandmadeArchive.checksum(Array(bytes.dropLast(4)))
    let repaired = bytes.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: check >> UInt32(8 * $0)) }
    return try [bytes, Array(repaired)].reduce(false) { accepted, bytes in
      let path = try folder.put("damaged", bytes)
      do throws(FormatError) {
        let read = try TrainingCheckpoint(contentsOf: path)
        guard read.state.parameters.allSatisfy({ $0.shape.dimensions.contains(0) || $0.values.count == $0.shape.count }) else { abort() }
        return true
      } catch {
        guard error.path == path, !error.description.contains("\n") else { abort() }
        return accepted
      }
    }
  }
}

/// The lists of runs' samples, tried in the same two ways.
func runSamples(_ folder: TemporaryFolder) throws -> Reader {
  let part = RunSamples.Part(hashes: [1, 2, .max], labels: [0, 1, 1])
  try RunSamples(training: part, validation: part, test: part).save(to: folder.file("samples"))
  return Reader(name: "run-samples", corpus: [try folder.get("samples")]) { bytes in
    let check = HandmadeArchive.checksum(Array(bytes.dropLast(4)))
    let repaired = bytes.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: check >> UInt32(8 * $0)) }
    return try [bytes, Array(repaired)].reduce(false) { accepted, bytes in
      let path = try folder.put("damaged", bytes)
      do throws(FormatError) {
        let read = try RunSamples(contentsOf: path)
        guard read.training.hashes.count == read.training.labels.count else { abort() }
        return true
      } catch {
        guard error.path == path, !error.description.contains("\n") else { abort() }
        return accepted
      }
    }
  }
}
