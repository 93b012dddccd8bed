import Glissade
import GlissadeDevices
import GlissadePlanning

/// A training by the command: the library's, with what is told on a terminal.
struct TrainingJob {
  private let training: RecipeTraining
  private var trainer: Trainer { training.trainer }
  private var recipe: Recipe { training.recipe }

  /// - Throws: what keeps the data or the weights from being read, or the model from being trained on them.
  init(_ request: TrainingRequest) throws { training = try RecipeTraining(request, note: Terminal.note) }

  /// Opens the device that the recipe names.
  func openDevice() throws -> DeviceSelection { try training.openDevice(Terminal.note) }

  /// Trains, saving after every epoch and at the end, however it comes.
  /// - Parameters:
  ///   - selection: where.
  ///   - place: where the run's folder is, or is to be.
  ///   - isQuiet: whether only errors are printed.
  ///   - isLive: whether it is shown on the whole screen, where there is one.
  /// - Throws: what kept training from starting; `Failure` for what stopped it, `Interrupted` after Ctrl-C.
  func run(on selection: DeviceSelection, in place: RunPlace, isQuiet: Bool, isLive: Bool) throws {
    let reporter = TrainingReporter(isQuiet: isQuiet, epochs: recipe.epochs, live: isLive ? { RunFolder(place.path) } : nil)
    defer { reporter.end() }
    var watch = RunWatch()
    (watch.report, watch.note, watch.observe) = (reporter.line, Terminal.note, reporter.report)
    (watch.shouldStop, watch.wasStopped) = (reporter.noticesInterruption, { Interruption.isRequested })
    (watch.willTrain, watch.start) = (Interruption.arm, ProcessStart.instant)
    let outcome: RunOutcome
    do { outcome = try training.fit(in: place, on: selection, watch) } catch { throw withRemedy(error) }
    reporter.end()
    let path = outcome.folder.path
    if outcome.wasFinished {
      if let reason = outcome.result.record.stopReason {
        return reporter.line("\(path) is finished: \(reason); \(wayOn) goes on")
      }
      return reporter.line("\(path) is finished: all \(recipe.epochs) epochs are done; a larger --epochs goes on")
    }
    if let error = outcome.result.failure {
      let epochs = outcome.result.record.epochs.count
      let saved = "the last good state, \(epochs) epoch\(epochs == 1 ? "" : "s") done, is saved in \(path)"
      throw Failure("\(Text.line("\(error)"))\(wayOfAllocation(error))\(outcome.isSaved ? "; \(saved)" : "")")
    }
    if Interruption.isRequested {
      reporter.line("\(outcome.result.record.interruption ?? "interrupted after the last step"); saved in \(path)")
      throw Interrupted()
    }
    conclude(outcome.result, reporter)
    reporter.line("saved in \(path)")
  }

  /// What lets a training go on that has ended before its last epoch.
  private var wayOn: String {
    let options = ["early_stop": recipe.earlyStop == nil, "max_time": recipe.maxTime == nil].filter { !$0.value }.keys.sorted()
    return "a larger " + options.compactMap { Recipe.declaration($0).map { "--\($0.optionName)" } }.joined(separator: " or ")
  }

  /// An error with the options that help.
  private func withRemedy(_ error: any Error) -> any Error {
    if case .loneSample(let samples, _, let better, _)? = error as? TrainingError, samples > 1 {
      return Failure("\(error) (--batch-size \(better))")
    }
    if error is MemoryError { return Failure("\(error)\(wayOfMemory)") }
    if (error as? DeviceError)?.isLackOfMemory == true { return Failure("\(error) (\(memoryOptions.joined(separator: ", ")))") }
    if (error as? DeviceError)?.isFailedAllocation == true { return Failure("\(error)\(wayOfAllocation(error))") }
    return error
  }

  /// What helps where a driver had less memory than it says, if that is what went wrong.
  private func wayOfAllocation(_ error: any Error) -> String {
    guard (error as? DeviceError)?.isFailedAllocation == true else { return "" }
    return " (other programs may be using its memory; less of it: \(memoryOptions.joined(separator: ", ")))"
  }

  /// What takes less memory.
  private var wayOfMemory: String {
    let options = ["--batch-size", "--micro-batch"] + (recipe.isOfPictures ? ["--size"] : []) + (recipe.hidden == nil ? [] : ["--hidden"])
    let list = options.dropLast().joined(separator: ", ") + " or " + (options.last ?? "")
    return "; a smaller \(list) takes less, and so does a smaller --model"
  }

  /// The options that a device's memory depends on.
  private var memoryOptions: [String] {
    let slots = trainer.options.groups.first?.optimizer.stateSlots ?? 0
    let ofBatches = ["--batch-size", "--micro-batch"]
    return ofBatches + ["--model"] + (slots == 0 ? [] : ["--optimizer sgd"]) + (recipe.pretrained == nil ? [] : ["--freeze"])
  }

  /// Says what came of it.
  private func conclude(_ result: Trainer.Result, _ reporter: TrainingReporter) {
    let record = result.record
    if let divergence = record.divergence { reporter.warn("\(divergence); \(remedies)") }
    if result.best != nil, let line = record.lineOfBest { reporter.line(line) }
    if let labels = record.predictions?.labels {
      reporter.line("\(record.reportedOn) \(labels.summary)  (\(labels.samples) samples)")
      if recipe.fold == nil, recipe.member == nil { labels.lines.forEach(reporter.line) }
      return
    }
    if let report = record.regression { return tell("\(report.line)  (\(training.test?.count ?? 0) samples)", reporter) }
    if let test = training.test {
      reporter.line(
        "test accuracy \(Text.percent(record.testAccuracy))  test loss \(Text.fixed(record.testLoss, 4))  (\(test.count) samples)")
    } else if let report = record.predictions, let validation = training.validation {
      tell("\(report.line(of: "validation"))  (\(validation.count) samples)", reporter)
    } else if let validation = training.validation, let measured = record.epochs.first(where: { $0.epoch == record.testedEpoch }) {
      let (accuracy, loss) = (Text.percent(measured.validationAccuracy), Text.fixed(measured.validationLoss, 4))
      reporter.line("validation accuracy \(accuracy)  validation loss \(loss)  (\(validation.count) samples)")
    }
    // Of one of several trainings there is too much to be said.
    if recipe.fold == nil, recipe.member == nil, let report = record.report { ReportText(report).lines.forEach(reporter.line) }
  }

  /// A line for each value that is predicted.
  private func tell(_ text: String, _ reporter: TrainingReporter) {
    for line in text.split(separator: "\n") { reporter.line(String(line)) }
  }

  /// What helps against a loss that grows.
  private var remedies: String {
    var remedies = ["a lower --lr than \(recipe.text(of: "lr") ?? "now")"]
    if recipe.clipNorm == nil { remedies.append("--clip-norm 1") }
    remedies.append("--schedule 'warmup(100 steps) then constant'")
    return "try " + remedies.dropLast().joined(separator: ", ") + " or " + (remedies.last ?? "")
  }
}

// MARK: Explaining

extension TrainingJob {
  /// The plan of one training step, for people, with what each launch takes at least and what it took.
  func explanation(on selection: DeviceSelection) throws -> String {
    let device = selection.device
    let spread = try widest(on: device)
    let explanation = try trainer.explanation(of: training.training, on: device, figures: try DeviceFigures.known(of: device))
    let note = explanation.plan.mixingNote.map { "\n\($0)\n\(spread)" } ?? ""
    let objection = explanation.objection.map { "not measured: \(Text.line($0))\n" } ?? ""
    return "\(selection.line)\n\(text(of: explanation, for: device.profile))\(objection)\(note)"
  }

  /// The same for a device that is known by its published figures: nothing is run.
  func explanation(as published: PublishedDevice) throws -> String {
    let explanation = try trainer.explanation(of: training.training, as: published)
    return "as \(published.name), \(published.title), by published figures: a prediction, nothing was run\n"
      + text(of: explanation, for: published.profile)
  }

  private func text(of explanation: StepExplanation, for profile: DeviceProfile) -> String {
    let (plan, cost) = (explanation.plan, explanation.cost)
    let batch = trainer.options.batchSize
    let isPart = explanation.samples < batch
    let title =
      isPart
      ? "a micro-batch of \(explanation.samples) samples of \(recipe.model), of a batch of \(batch), \(explanation.parameterCount) parameters"
      : "one training step of \(recipe.model), batch size \(batch), \(explanation.parameterCount) parameters"
    let variant =
      "kernels for a \(profile.style.rawValue): register tiles of \(plan.tile ?? profile.tile), work cut for \(profile.workers) workers"
    let table = plan.table(beside: cost.columns(measured: explanation.measured))
    return "\(title)\n\(variant)\n\n\(table)\n\(cost.summary(of: plan, measured: explanation.measured, step: explanation.step))"
  }

  /// The layer that reads what spreads farthest, of those that mix pixels, for people.
  private func widest(on device: any Device) throws -> String {
    func ratio(_ spread: Spread) -> Double { spread.usual > 0 ? Double(spread.largest) / spread.usual : 0 }
    let spreads = try trainer.spreads(in: training.training, on: device)
    guard let widest = spreads.max(by: { ratio($0.spread) < ratio($1.spread) }) else { return "" }
    let remedy = widest.spread.isWide ? ": too far for it, --exact is worth its time" : ""
    return "in the first step \(widest.layer) reads numbers up to \(widest.spread)\(remedy)\n"
  }
}
