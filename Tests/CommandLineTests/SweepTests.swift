import Foundation
import Glissade
import GlissadeFormats
import Testing

/// Searches: what they leave, and that they come to the same table whatever stopped them on the way.
struct SweepTests {
  private let folder: CommandLineTests.TemporaryFolder
  private var base = Recipe()

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    var rows = "a,b,y\n"
    for row in 0..<120 {
      let (a, b) = (Double(row * 37 % 101) / 50 - 1, Double(row * 53 % 89) / 44 - 1)
      rows += "\(a),\(b),\(a + 0.5 * b * b > 0.1 ? "up" : "down")\n"
    }
    try rows.write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
    (base.data, base.target, base.epochs, base.hidden) = (folder.path("t.csv"), "y", 3, SizeList([8]))
    (base.device, base.threads, base.batchSize) = (.cpu, 1, 32)
  }

  private static let space = ["lr=1e-3..1e-1:log", "optimizer=sgd,adam"]

  private func plan(
    _ vary: [String] = space, _ strategy: String = "random", metric: String = "validation_accuracy", trials: Int? = 4, epochs: Int = 3
  ) throws -> SweepPlan {
    var recipe = base
    recipe.epochs = epochs
    return try SweepPlan(recipe, vary: vary, strategy: strategy, metric: metric, trials: trials)
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(path))) }
  private func table(_ name: String) throws -> [[String]] {
    try String(contentsOfFile: folder.path("\(name)/sweep.csv"), encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }
  private func summary(_ name: String, _ trial: Int) throws -> JSONValue {
    try JSONValue.read(path: folder.path("\(name)/\(Sweep.name(ofTrial: trial))/summary.json"))
  }

  @discardableResult
  private func sweep(_ plan: SweepPlan, _ name: String) throws -> Sweep {
    let sweep = try Sweep(plan, out: folder.path(name), watch: Sweep.Watch())
    #expect(try sweep.run() == .complete)
    return sweep
  }

  @Test func trialsAreOrdinaryRuns() throws {
    let sweep = try sweep(plan(), "s")
    #expect(
      folder.names("s") == [
        "best.yaml", "sweep.csv", "sweep.html", "sweep.json", "trial-001", "trial-002", "trial-003", "trial-004",
      ])
    let table = try table("s")
    #expect(
      table[0] == ["trial", "run", "status", "lr", "optimizer", "epochs_done", "validation_accuracy", "best_epoch"] && table.count == 5)
    for trial in 1...4 {
      let row = table[trial]
      let summary = try summary("s", trial)
      #expect(summary["best_validation_accuracy"]?.doubleValue == Double(row[6]) && summary["best_epoch"]?.integerValue == Int(row[7]))
      let recipe = try Recipe(contentsOf: folder.path("s/trial-00\(trial)/recipe.yaml"))
      #expect(recipe.text(of: "lr").flatMap { Double($0) } == Double(row[3]) && recipe.optimizer == row[4])
      // Test data is for the best alone.
      #expect((summary["test_accuracy"]?.doubleValue != nil) == (trial == sweep.best?.trial), "\(trial)")
    }
    // A sweep has a page of its own.
    let path = folder.path("s")
    expectComplaint(
      try glissade("report", path), status: 1, "\(path) is a sweep (\(path)/sweep.html is its page) and holds runs: \(path)/trial-001",
      "name one, or several")
    let values = table.dropFirst().compactMap { Double($0[6]) }
    #expect(sweep.best?.value == values.max() && sweep.best?.trial == (values.firstIndex { $0 == values.max() } ?? 9) + 1)
    let best = try #require(sweep.best?.trial)
    #expect(try Recipe(contentsOf: folder.path("s/best.yaml")) == Recipe(contentsOf: folder.path("s/trial-00\(best)/recipe.yaml")))
    // The recipe trains the same again, and the test result is that of the run.
    let again = try Trainer(Recipe(contentsOf: folder.path("s/best.yaml"))).fit(out: folder.path("again"))
    #expect(try bytes("again/model.safetensors") == bytes("s/trial-00\(best)/model.safetensors"))
    #expect(again.record.testAccuracy == sweep.tested?.values.first { $0.key == "test_accuracy" }?.value.doubleValue)
    #expect(sweep.table().count == 5 && sweep.conclusion(.complete).first?.contains("test accuracy ") == true)
    _ = try RunComparison(of: [sweep.runFolder(1), sweep.runFolder(2)])
    // A search that is over has nothing left to do, and goes on with more trials.
    try FileManager.default.copyItem(atPath: folder.path("s"), toPath: folder.path("more"))
    let other = try Sweep(resuming: folder.path("more"), trials: 5, watch: Sweep.Watch())
    #expect(try other.run() == .complete && self.table("more").prefix(5) == table[...])
  }

  /// What a program and `--json` have of a search.
  @Test func outcomes() throws {
    var mayGoOn = true
    let stopped = try Trainer.sweep(
      of: base, vary: Self.space, metric: .validationAccuracy, trials: 3, out: folder.path("p"),
      report: { if $0.hasPrefix("trial 2 of ") { mayGoOn = false } }, shouldStop: { !mayGoOn })
    #expect(!stopped.isComplete && stopped.planned == 3 && stopped.trials.count == 1 && stopped.testLoss == nil)
    var lines: [String] = []
    let found = try Trainer.sweep(resuming: folder.path("p"), report: { lines.append($0) })
    #expect(
      found.isComplete && found.trials.map(\.number) == [1, 2, 3] && found.trials.allSatisfy { $0.status == .done && $0.epochs == 3 })
    #expect(lines.contains { $0.hasPrefix("trial 3: ") } && found.metric == .validationAccuracy && found.seconds > 0)
    let best = try #require(found.best)
    #expect(best.value == found.trials.compactMap(\.value).max() && best == found.trials[best.number - 1])
    #expect(found.recipe?.text(of: "lr").flatMap { Double($0) } == best.values["lr"].flatMap { Double($0) })
    #expect(found.recipe?.optimizer == best.values["optimizer"] && best.folder.hasSuffix("p/trial-00\(best.number)"))
    let summary = try summary("p", best.number)
    #expect(found.testAccuracy == summary["test_accuracy"]?.doubleValue && found.testLoss == summary["test_loss"]?.doubleValue)
    // The command goes on with what is complete, and has nothing to do.
    let outcome = try glissade("sweep", "--resume", folder.path("p"), "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let printed = try JSONValue.parse(Array(outcome.output.utf8))
    #expect(printed["best"]?["trial"]?.integerValue == best.number && printed["complete"] == true && printed["planned"] == 3)
    #expect(printed["trials"]?.arrayValue?.map { $0["value"]?.doubleValue } == found.trials.map(\.value))
    #expect(printed["best"]?["values"]?["optimizer"]?.stringValue == best.values["optimizer"])
    #expect(printed["test_accuracy"]?.doubleValue == found.testAccuracy && printed["folder"]?.stringValue == folder.path("p"))
  }

  @Test("Stopped wherever, a search goes on to the same bytes", arguments: ["random", "halving"]) func interruption(strategy: String) throws
  {
    let plan = try plan(strategy: strategy)
    let whole = try sweep(plan, "whole")
    var asked = 0
    var watch = Sweep.Watch()
    for name in ["a", "b"] {
      // Twice: at growing distances, and at every 17th step of all.
      let distance = name == "a" ? 5 : 17
      var left = distance
      watch.shouldStop = {
        left -= 1
        return left < 0
      }
      var stops = 0
      var sweep: Sweep? = try Sweep(plan, out: folder.path(name), watch: watch)
      while true {
        do {
          #expect(try sweep?.run() == .complete)
          break
        } catch is RunInterrupted {
          stops += 1
          left = name == "a" ? distance + 4 * stops : distance
          // Its lock goes with it.
          sweep = nil
          sweep = try Sweep(resuming: folder.path(name), watch: watch)
        }
        try #require(stops < 200)
      }
      asked += stops
      #expect(stops > 3)
      for file in ["sweep.csv", "best.yaml"] { #expect(try bytes("\(name)/\(file)") == bytes("whole/\(file)"), "\(name) \(file)") }
      #expect(sweep?.tested?.values == whole.tested?.values)
    }
    #expect(asked > 10)
  }

  private func plan(strategy: String) throws -> SweepPlan {
    strategy == "halving" ? try plan(Self.space, strategy, trials: 9, epochs: 9) : try plan()
  }

  @Test("What was not noted yet when the process was killed is found again", arguments: ["random", "halving"]) func kill(strategy: String)
    throws
  {
    let whole = try sweep(plan(strategy: strategy), "whole")
    let json = try JSONValue.read(path: folder.path("whole/sweep.json"))
    let results = try #require(json["results"]?.arrayValue)
    for kept in stride(from: results.count - 1, through: 0, by: -3) {
      // As if it had been killed right before it noted one result, and the next ones had never been.
      try FileManager.default.copyItem(atPath: folder.path("whole"), toPath: folder.path("\(kept)"))
      try FileManager.default.removeItem(atPath: folder.path("\(kept)/sweep.csv"))
      let members = (json.members ?? []).filter { $0.key != "tested" }.map {
        $0.key == "results" ? JSONMember("results", .array(Array(results.prefix(kept)))) : $0
      }
      try JSONValue.object(members).write(path: folder.path("\(kept)/sweep.json"))
      if kept < 3 { try FileManager.default.removeItem(atPath: folder.path("\(kept)/trial-002")) }
      let again = try Sweep(resuming: folder.path("\(kept)"), watch: Sweep.Watch())
      #expect(try again.run() == .complete && bytes("\(kept)/sweep.csv") == bytes("whole/sweep.csv"))
      #expect(again.results.all == whole.results.all && again.tested?.values == whole.tested?.values, "\(kept)")
    }
  }

  @Test func halvingTrainsTheBestOn() throws {
    let sweep = try sweep(plan(Self.space, "halving", trials: 9, epochs: 9), "s")
    let rows = try table("s").dropFirst()
    #expect(rows.map { Int($0[5]) ?? 0 }.sorted() == [1, 1, 1, 1, 1, 1, 3, 3, 9])
    #expect(rows.filter { $0[2] == "done" }.count == 1 && rows.first { $0[2] == "done" }?[0] == sweep.best.map { "\($0.trial)" })
    let all = sweep.results.ranked((1...9).compactMap { sweep.results[$0, 1] })
    #expect(Set(all.prefix(3).map(\.trial)) == Set((1...9).filter { sweep.results[$0, 3] != nil }))
    let paused = try #require(rows.first { $0[5] == "1" }.flatMap { Int($0[0]) })
    #expect(try summary("s", paused)["interruption"] == "paused after epoch 1 by the sweep")
    // The best is trained as if it had been alone.
    let best = try #require(sweep.best?.trial)
    try Trainer(sweep.plan.trials[best - 1].recipe).fit(out: folder.path("alone"))
    #expect(try bytes("alone/model.safetensors") == bytes("s/trial-00\(best)/model.safetensors"))
  }

  @Test func timeEndsAfterAnEpoch() throws {
    let whole = try sweep(plan(), "whole")
    let sweep = try Sweep(plan(), out: folder.path("s"), watch: Sweep.Watch())
    #expect(try sweep.run(limit: TimeSpan(recipeText: "0.000001s")) == .time)
    #expect(sweep.results.all.isEmpty && sweep.tested == nil)
    var epochs = 0
    var watch = Sweep.Watch()
    watch.observe = { if case .epoch = $0 { epochs += 1 } }
    var other: Sweep? = try Sweep(plan(), out: folder.path("t"), watch: watch)
    // Over in the first epoch.
    #expect(try other?.run(limit: TimeSpan(recipeText: "0.001s")) == .time && epochs <= 1)
    #expect(other?.conclusion(.time).first?.contains("0 of 4 trials came to something: the time is over; --resume ") == true)
    other = nil
    other = try Sweep(resuming: folder.path("t"), watch: watch)
    #expect(try other?.run(limit: TimeSpan(recipeText: "1h")) == .complete)
    #expect(try bytes("t/sweep.csv") == bytes("whole/sweep.csv") && other?.tested?.values == whole.tested?.values)
    #expect((other?.seconds ?? 0) > 0)
  }

  @Test func aTrialThatFailsIsOneOfThem() throws {
    let sweep = try sweep(plan(["lr=0.01,1e30", "optimizer=sgd,momentum"], "grid", metric: "validation_loss", trials: nil), "s")
    let rows = try table("s").dropFirst()
    #expect(rows.map { $0[2] } == ["done", "done", "failed", "failed"] && rows.last?[6] == "")
    #expect(sweep.results.all[2].failure?.contains("finite") == true && (sweep.best?.trial ?? 9) <= 2)
    #expect(sweep.table().count == 5)
    let failing = try Sweep(plan(["lr=1e29,1e30"], "grid", trials: nil), out: folder.path("f"), watch: Sweep.Watch())
    let error = #expect(throws: RunFailure.self) { try failing.run() }
    #expect(error?.description.contains("none of the 2 trials came to a result; the first: ") == true, "\(error?.description ?? "")")
  }

  @Test func theCommand() throws {
    let file = folder.path("r.yaml")
    try base.text().write(toFile: file, atomically: true, encoding: .utf8)
    let arguments = ["sweep", "--recipe", file, "--vary", Self.space[0], Self.space[1], "--trials", "3", "--metric", "validation-accuracy"]
    let killed = try Command(arguments + ["--out", folder.path("k"), "--epochs", "40"])
    try killed.waitForOutput("trial 2 of 3: ")
    killed.send(SIGKILL)
    #expect(try killed.finish().status == 137)
    let stopped = try Command(["sweep", "--resume", folder.path("k")])
    try stopped.waitForOutput("trial 3 of 3: ")
    stopped.send(SIGTERM)
    let stop = try stopped.finish()
    #expect(stop.status == 130 || stop.status == 0, "\(stop)")
    let end = try glissade("sweep", "--resume", folder.path("k"))
    #expect(end.status == 0 && end.output.contains("TRIAL  lr") && end.output.contains("best: trial "), "\(end)")
    #expect(end.output.hasSuffix("saved in \(folder.path("k"))\n"))
    let whole = try glissade(arguments + ["--out", folder.path("w"), "--epochs", "40", "--quiet"])
    #expect(whole.status == 0 && whole.output.hasPrefix("TRIAL  lr"), "\(whole)")
    #expect(try bytes("k/sweep.csv") == bytes("w/sweep.csv"))

    expectComplaint(try glissade(arguments + ["--out", folder.path("k")]), status: 2, "holds an earlier sweep; --resume ")
    expectComplaint(try glissade(arguments + ["--out", folder.path("k/trial-001")]), status: 2, "holds a run, and a sweep needs")
    expectComplaint(try glissade("sweep", "--resume", folder.path("k"), "--lr", "1"), status: 2, "--lr cannot be given with --resume")
    expectComplaint(try glissade("sweep", "--resume", folder.path("k"), "--trials", "2"), status: 2, "the sweep has 3 already")
    expectComplaint(try glissade("sweep", "--resume", folder.path("k/trial-001")), status: 1, "holds no sweep")
    expectComplaint(try glissade("sweep", "--recipe", file), status: 2, "--vary names nothing")
    expectComplaint(try glissade(arguments + ["--max-time", "soon"]), status: 2, "--max-time is 'soon'")
    expectComplaint(try glissade(arguments + ["--metric", "validation_los"]), status: 2, "did you mean 'validation_loss'?")
    expectComplaint(try glissade("train", "--recipe", file, "--out", folder.path("k")), status: 2, "holds best.yaml", "not a run's")
  }

  @Test func dataIsFoundFromAnywhere() throws {
    let first = try glissade(
      "sweep", "--data", "t.csv", "--target", "y", "--hidden", "8", "--device", "cpu", "--epochs", "1", "--vary", "lr=0.001..0.1",
      "--trials",
      "2", "--out", "rel", directory: folder.path)
    #expect(first.status == 0, "\(first)")
    let more = try glissade("sweep", "--resume", folder.path("rel"), "--trials", "3", directory: "/")
    #expect(more.status == 0 && folder.names("rel").contains("trial-003"), "\(more)")
  }

  @Test(arguments: [
    (["lr=0.1..1"], "grid", 3, "a grid needs to know how many values"), (["lr=0.1,1"], "grid", 1, "the grid has 2 combinations"),
    (["lr=0.1,1"], "gird", 3, "did you mean 'grid'?"), (["lr=0.1..1"], "random", 0, "--trials is 0"),
    (["lr=0.1..1"], "halving", 2, "at least 3 trials"), (["epochs=3..9"], "halving", 9, "epochs cannot be varied"),
    (["nesterov=true,false", "optimizer=sgd,adam"], "grid", 9, "trial 1 (nesterov=true optimizer=sgd) makes no sense: "),
    (["kfold=2,3"], "grid", 9, "kfold makes several trainings of one"),
    (["max_time=1m,2m"], "random", 9, "--max-time is for the whole sweep"),
  ])
  func whatMakesNoSense(vary: [String], strategy: String, trials: Int, message: String) {
    let error = #expect(throws: (any Error).self) { try plan(vary, strategy, trials: trials) }
    #expect(error.map { "\($0)" }?.contains(message) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func theMetricHasToBeOneOfTheData() throws {
    let sweep = try Sweep(plan(metric: "validation_r2"), out: folder.path("s"), watch: Sweep.Watch())
    let error = #expect(throws: RunMisuse.self) { try sweep.run() }
    #expect(error?.description.contains("validation_r2 is none of this data; there are validation_loss, validation_accuracy") == true)
    // The search without the mistake finds its place free.
    #expect(!FileManager.default.fileExists(atPath: folder.path("s")))
    _ = try Sweep(plan(), out: folder.path("s"), watch: Sweep.Watch())
    #expect(try plan(strategy: "random").trials.count == 4)
  }

  @Test func rungs() {
    #expect(SuccessiveHalving.rungs(epochs: 9, trials: 12) == [1, 3, 9] && SuccessiveHalving.rungs(epochs: 30, trials: 12) == [4, 10, 30])
    #expect(SuccessiveHalving.rungs(epochs: 5, trials: 12) == [2, 5] && SuccessiveHalving.rungs(epochs: 81, trials: 3) == [27, 81])
    #expect(SuccessiveHalving.rungs(epochs: 27, trials: 27) == [1, 3, 9, 27])
  }
}
