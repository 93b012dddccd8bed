import Foundation
import GlissadeFormats
import Testing

/// `--ensemble`, `--snapshots` and `glissade average`.
struct EnsembleCommandTests {
  private let folder: CommandLineTests.TemporaryFolder
  private var out: String { folder.path("out") }

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    var (classes, values) = ("a,b,y\n", "a,b,y\n")
    for row in 0..<90 {
      let (a, b) = (Double(row * 37 % 101) / 50 - 1, Double(row * 53 % 89) / 44 - 1)
      classes += "\(a),\(b),\(a + 0.5 * b * b > 0.1 ? "up" : "down")\n"
      values += "\(a),\(b),\(1000 + 40 * a - 20 * b * b)\n"
    }
    for (name, text) in [("classes", classes), ("values", values)] {
      try text.write(toFile: folder.path("\(name).csv"), atomically: true, encoding: .utf8)
    }
  }

  private func train(_ data: String, _ more: String..., out: String? = nil) throws -> Outcome {
    try glissade(
      [
        "train", "--data", folder.path("\(data).csv"), "--target", "y", "--device", "cpu", "--epochs", "3", "--hidden", "16", "--out",
        out ?? self.out,
      ] + more)
  }

  private func json(_ arguments: String...) throws -> JSONValue {
    let outcome = try glissade(arguments + ["--device", "cpu", "--json"])
    try #require(outcome.status == 0, "\(outcome)")
    return try JSONValue.parse(Array(outcome.output.utf8))
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test("Members differ in their seeds alone, and answer together") func members() throws {
    let outcome = try train("classes", "--ensemble", "3", "--seed", "5")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("\nmember 3 of 3\n") && outcome.output.contains("\nmean of 3 members ± deviation: "), "\(outcome)")
    #expect(outcome.output.contains("\nof 3 models together: ") && outcome.output.hasSuffix("saved in \(out)\n"), "\(outcome)")
    // The first is what it would be alone; all have the same data.
    #expect(try train("classes", "--seed", "5", out: folder.path("alone")).status == 0)
    #expect(try bytes(out + "/member-1/model.safetensors") == bytes(folder.path("alone/model.safetensors")))
    #expect(try bytes(out + "/member-2/samples.safetensors") == bytes(out + "/member-1/samples.safetensors"))
    #expect(try bytes(out + "/member-2/model.safetensors") != bytes(out + "/member-1/model.safetensors"))
    let found = try json("evaluate", "--run", out)
    let members = try #require(found["members"]?.arrayValue)
    for (number, member) in members.enumerated() {
      let alone = try json("evaluate", "--run", "\(out)/member-\(number + 1)")
      #expect(member["name"] == .string("member-\(number + 1)") && member["accuracy"] == alone["accuracy"])
    }
    expectComplaint(
      try glissade("evaluate", "--run", out, "--tta", "2"), status: 2, "--tta is for models of pictures, and this one is of a table")
    let accuracies = members.compactMap { $0["accuracy"]?.doubleValue }
    let whole = try #require(found["accuracy"]?.doubleValue)
    #expect(accuracies.count == 3 && found["model"] == "ensemble" && found["report"]?["confusion_matrix"] != nil)
    #expect(abs((found["gain"]?["over_mean"]?.doubleValue ?? 9) - (whole - accuracies.reduce(0, +) / 3)) < 1e-9)
    #expect(abs((found["gain"]?["over_best"]?.doubleValue ?? 9) - (whole - (accuracies.max() ?? 0))) < 1e-9)
    let kept = try JSONValue.read(path: out + "/ensemble.json")
    #expect(kept["together"]?["accuracy"] == found["accuracy"] && kept["members"]?.arrayValue?.count == 3 && kept["ensemble"] == 3)
    // A page compares the members, and one of them is exported.
    #expect(try glissade("report", out).output == "saved in \(out)/report.html\n")
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    #expect(page.contains("3 runs compared") && page.contains("member-2"))
    expectComplaint(
      try glissade("convert", out, folder.path("net.onnx")), status: 1, "holds the members of an ensemble", "\(out)/member-1")
    // Predictions are the mean of the members'.
    func probabilities(_ run: String) throws -> [[String: Double]] {
      try #require(try json("predict", "--run", run, folder.path("classes.csv")).arrayValue).map { row in
        Dictionary(
          uniqueKeysWithValues: (row["classes"]?.arrayValue ?? []).map {
            ($0["class"]?.stringValue ?? "", $0["probability"]?.doubleValue ?? 9)
          })
      }
    }
    let together = try probabilities(out)
    let single = try (1...3).map { try probabilities("\(out)/member-\($0)") }
    for row in [0, 41, 89] {
      for (name, value) in together[row] {
        #expect(abs(value - single.reduce(0) { $0 + ($1[row][name] ?? 9) } / 3) < 1e-5)
      }
    }
    let agreements = try #require(try json("predict", "--run", out, folder.path("classes.csv")).arrayValue).map {
      $0["agreement"]?.doubleValue
    }
    let said = try glissade("predict", "--run", out, folder.path("classes.csv"), "--device", "cpu").output.split(separator: "\n")
    for row in together.indices {
      let answer = together[row].max { $0.value < $1.value }?.key
      let count = single.filter { $0[row].max { $0.value < $1.value }?.key == answer }.count
      #expect(agreements[row] == Double(count) / 3 && said[row].hasSuffix("  (\(count) of 3 agree)"), "\(said[row])")
    }
    #expect(try !glissade("predict", "--run", out + "/member-1", folder.path("classes.csv"), "--device", "cpu").output.contains("agree"))
    let text = try glissade("evaluate", "--run", out, "--device", "cpu")
    #expect(text.output.contains("percentage points against their mean") && text.output.contains("\n  member-2  accuracy "), "\(text)")
  }

  @Test("What was done stays when members go on, and there may be more of them") func resumption() throws {
    #expect(try train("values", "--ensemble", "2", "--quiet").status == 0)
    let second = try bytes(out + "/member-2/model.safetensors")
    // As if it had been killed before the second.
    try FileManager.default.removeItem(atPath: out + "/member-2")
    let resumed = try glissade("train", "--resume", out)
    #expect(resumed.status == 0 && resumed.output.contains("member-1 is finished"), "\(resumed)")
    #expect(try bytes(out + "/member-2/model.safetensors") == second)
    let more = try glissade("train", "--resume", out, "--ensemble", "3")
    #expect(more.status == 0 && more.output.contains("member-2 is finished"), "\(more)")
    let found = try json("evaluate", "--run", out)
    #expect(found["members"]?.arrayValue?.count == 3 && found["values"]?["y"]?["r2"]?.doubleValue != nil, "\(found.text())")
    #expect(try JSONValue.read(path: out + "/ensemble.json")["together"]?["values"] == found["values"])
    let predicted = try #require(try json("predict", "--run", out, folder.path("values.csv")).arrayValue)
    let single = try (1...3).map { try #require(try json("predict", "--run", "\(out)/member-\($0)", folder.path("values.csv")).arrayValue) }
    for row in [0, 50] {
      let mean = single.reduce(0) { $0 + ($1[row]["value"]?.doubleValue ?? 0) } / 3
      #expect(abs((predicted[row]["value"]?.doubleValue ?? 0) - mean) < 1e-3)
      let squares = single.reduce(0) { sum, rows in
        let off = (rows[row]["value"]?.doubleValue ?? 0) - mean
        return sum + off * off
      }
      #expect(abs((predicted[row]["deviation"]?.doubleValue ?? 0) - (squares / 2).squareRoot()) < 1e-3)
    }
    expectComplaint(
      try glissade("train", "--resume", out, "--ensemble", "2"), status: 2, "--ensemble is 2, and ", "has 3 members already",
      "more of them, not fewer")
    expectComplaint(try train("values", "--ensemble", "2"), status: 2, "holds earlier runs; --replace puts this one in its place")
    expectComplaint(try train("values"), status: 2, "holds ensemble.json", "not a run's")
    #expect(try train("values", "--ensemble", "2", "--replace", "--quiet").status == 0)
    #expect(folder.names("out/member-3").isEmpty)
  }

  @Test("Snapshots are kept at each restart and answer together unless one model is named") func snapshots() throws {
    let cycles = ["--schedule", "cosine-restarts(period: 2 epochs)", "--snapshots", "--epochs", "7"]
    #expect(
      try glissade(["train", "--data", folder.path("classes.csv"), "--target", "y", "--device", "cpu", "--out", out] + cycles).status == 0)
    #expect(folder.names("out").filter { $0.hasPrefix("member-") } == (1...3).map { "member-\($0).safetensors" })
    let found = try json("evaluate", "--run", out)
    #expect(found["model"] == "ensemble" && found["members"]?.arrayValue?.count == 3)
    #expect(try json("evaluate", "--run", out, "--last")["model"] == "last")
    #expect(try glissade("predict", "--run", out, folder.path("classes.csv"), "--device", "cpu").status == 0)
    // One model is exported, as ever.
    #expect(try glissade("convert", out, folder.path("net.safetensors")).status == 0)
    expectComplaint(
      try train("classes", "--snapshots", out: folder.path("x")), status: 2, "--snapshots needs a schedule that goes in cycles",
      "--schedule 'cosine-restarts(period: 5 epochs)'")
    expectComplaint(
      try train("classes", "--snapshots", "--schedule", "cosine-restarts(period: 9 epochs)", out: folder.path("x")), status: 2,
      "at least one ends within the run's", printsNothing: false)
  }

  @Test("An average is a run of its own, of weights or of predictions") func averages() throws {
    #expect(try train("classes", "--ensemble", "2", "--quiet").status == 0)
    let members = [out + "/member-1", out + "/member-2"]
    // The mean of weights that began differently is no model: whoever wants it says so.
    let began = "began with the weights of seed 1 (pytorch) and \(members[1]) with the weights of seed 2 (pytorch)"
    expectComplaint(
      try glissade(["average"] + members + ["--out", folder.path("soup")]), status: 2, began,
      "--of predictions averages what the models predict")
    #expect(folder.names("soup").isEmpty)
    let soup = try glissade(["average"] + members + ["--last", "--of", "weights", "--out", folder.path("soup")])
    #expect(soup.status == 0 && soup.output == "the average of the weights of 2 models is in \(folder.path("soup"))\n", "\(soup)")
    #expect(soup.errors.hasPrefix("glissade: \(members[0]) \(began), and the mean of weights that began differently"), "\(soup)")
    let files = try (members + [folder.path("soup")]).map { try SafetensorsFile(path: $0 + "/model.safetensors") }
    for tensor in files[0].tensors {
      let values = try files.map { try $0.floats(of: tensor.name) }
      #expect(values[2] == zip(values[0], values[1]).map { Float((Double($0) + Double($1)) / 2) }, "\(tensor.name)")
    }
    #expect(try json("evaluate", "--run", folder.path("soup"))["accuracy"]?.doubleValue != nil)
    let together = try glissade("average", out, "--of", "predictions", "--out", folder.path("together"))
    #expect(together.status == 0, "\(together)")
    let (one, other) = (try json("evaluate", "--run", folder.path("together")), try json("evaluate", "--run", out))
    #expect(one["accuracy"] == other["accuracy"] && one["loss"] == other["loss"] && one["gain"] == other["gain"])
    expectComplaint(
      try glissade("convert", folder.path("together"), folder.path("x.onnx")), status: 1, "no model of its own, but 2 members")
    expectComplaint(
      try glissade("train", "--resume", folder.path("soup")), status: 1, "is an average of the weights of several runs and was not trained")
    expectComplaint(
      try glissade(["average"] + members + ["--of", "weights", "--out", folder.path("soup")]), status: 2,
      "--replace puts the average in its place")
    #expect(try glissade(["average"] + members + ["--out", folder.path("soup"), "--replace", "--of", "predictions"]).status == 0)
    #expect(!folder.names("soup").contains("model.safetensors") && folder.names("soup").contains("member-2.safetensors"))
    expectComplaint(
      try glissade("average", folder.path("soup"), members[0], "--out", folder.path("x")), status: 2,
      "\(folder.path("soup")) holds models that may have begun with different weights")
    // Runs of one seed began alike.
    for (name, rate) in [("slow", "1e-3"), ("fast", "3e-3")] {
      #expect(try train("classes", "--lr", rate, "--quiet", out: folder.path(name)).status == 0)
    }
    let alike = try glissade("average", folder.path("slow"), folder.path("fast"), "--out", folder.path("alike"))
    #expect(alike.status == 0 && alike.errors.isEmpty, "\(alike)")
  }

  @Test("A head that is drawn is each member's own, also of members that begin later, and no soup is made of several")
  func newHeads() throws {
    let base = folder.path("base")
    #expect(try train("classes", "--quiet", out: base).status == 0)
    func finetune(_ out: String, _ more: String...) throws {
      let outcome = try glissade(
        [
          "train", "--data", folder.path("classes.csv"), "--target", "y", "--device", "cpu", "--epochs", "2", "--hidden", "16",
          "--pretrained", base, "--ensemble", "2", "--quiet", "--out", out,
        ] + more)
      try #require(outcome.status == 0, "\(outcome)")
    }
    try finetune(out, "--head", "8")
    let members = [out + "/member-1", out + "/member-2"]
    expectComplaint(
      try glissade(["average"] + members + ["--out", folder.path("soup")]), status: 2,
      "and a head of seed 1 and \(members[1]) with pretrained",
      "and a head of seed 2, and the mean of weights that began differently predicts nothing", "--of predictions averages")
    let second = try bytes(members[1] + "/model.safetensors")
    try FileManager.default.removeItem(atPath: members[1])
    #expect(try glissade("train", "--resume", out, "--quiet").status == 0)
    #expect(try bytes(members[1] + "/model.safetensors") == second)
    // One that was in the file is the same for all.
    try finetune(folder.path("same"))
    let alike = try glissade(
      "average", folder.path("same/member-1"), folder.path("same/member-2"), "--out", folder.path("alike"))
    #expect(alike.status == 0 && alike.errors.isEmpty, "\(alike)")
  }

  @Test("An ensemble whose members keep snapshots is all of these together") func snapshotsOfMembers() throws {
    let outcome = try train("classes", "--ensemble", "2", "--snapshots", "--schedule", "cosine-restarts(period: 1 epochs)", "--quiet")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let found = try json("evaluate", "--run", out)
    let members = try #require(found["members"]?.arrayValue)
    #expect(
      members.map { $0["name"]?.stringValue ?? "" } == (1...2).flatMap { run in (1...3).map { "member-\(run)/member-\($0)" } }, "\(members)"
    )
    // Each is what it is in its own run.
    for run in 1...2 {
      let own = try #require(try json("evaluate", "--run", "\(out)/member-\(run)")["members"]?.arrayValue)
      #expect(own.map { $0["loss"] } == members[((run - 1) * 3)..<(run * 3)].map { $0["loss"] })
    }
    let kept = try JSONValue.read(path: out + "/ensemble.json")
    #expect(kept["together"]?["accuracy"] == found["accuracy"] && kept["together"]?["members"]?.arrayValue?.count == 6)
    // One model of each where that is asked for.
    #expect(try json("evaluate", "--run", out, "--last")["members"]?.arrayValue?.map { $0["name"] } == ["member-1", "member-2"])
  }

  @Test("What one of the runs was trained on is not what their average is measured with") func averagesOfOtherDivisions() throws {
    // Pictures keep their form whichever of them are trained on; tables do not.
    let data = try PictureFolder()
    for seed in ["1", "2"] {
      let outcome = try glissade(
        "train", "--data", data.path, "--model", "mlp", "--hidden", "8", "--device", "cpu", "--epochs", "1", "--seed", seed, "--out",
        folder.path("seed\(seed)"))
      #expect(outcome.status == 0, "\(outcome)")
    }
    let made = try glissade("average", folder.path("seed1"), folder.path("seed2"), "--of", "weights", "--out", folder.path("both"))
    #expect(made.status == 0, "\(made)")
    let found = try json("evaluate", "--run", folder.path("both"), "--data", data.path, "--all")
    let one = try json("evaluate", "--run", folder.path("seed1"), "--data", data.path, "--all")
    #expect(found["samples"] == one["samples"])
    for seed in ["3", "4"] { #expect(try train("values", "--seed", seed, "--quiet", out: folder.path("t\(seed)")).status == 0) }
    expectComplaint(
      try glissade("average", folder.path("t3"), folder.path("t4"), "--out", folder.path("x")), status: 1,
      "its rows are encoded otherwise")
  }

  @Test("Members and all together are told by the run's own loss, as single models are", arguments: ["hinge", "mse", "bce"])
  func losses(_ loss: String) throws {
    #expect(try train("classes", "--ensemble", "2", "--loss", loss, "--quiet").status == 0)
    let found = try json("evaluate", "--run", out)
    var losses: [Double] = []
    for (number, member) in try #require(found["members"]?.arrayValue).enumerated() {
      let alone = try #require(try json("evaluate", "--run", "\(out)/member-\(number + 1)")["loss"]?.doubleValue)
      losses.append(try #require(member["loss"]?.doubleValue))
      #expect(abs(losses[number] - alone) < 1e-6, "\(losses[number]) \(alone)")
    }
    // Each of these losses is convex in what is averaged, or nearly.
    let whole = try #require(found["loss"]?.doubleValue)
    #expect(whole > 0 && whole <= losses.reduce(0, +) / 2 + 0.02, "\(whole) \(losses)")
  }

  @Test func mistakes() throws {
    expectComplaint(try train("classes", "--ensemble", "1"), status: 2, "--ensemble is 1, and it has to be from 2 to 1000")
    expectComplaint(try train("classes", "--ensemble", "3", "--kfold", "3"), status: 2, "--ensemble cannot be given with --kfold")
    expectComplaint(try train("classes", "--member", "2"), status: 2, "--member is for --ensemble, and that is not given")
    expectComplaint(try train("classes", "--ensemble", "3", "--member", "4"), status: 2, "--member is 4, and it has to be from 1 to 3")
    #expect(try train("classes", "--quiet").status == 0)
    expectComplaint(try glissade("average", out, "\(out)/", "--out", folder.path("x")), status: 2, "takes each model once", "are the same")
    expectComplaint(try glissade("report", out, out, "--out", folder.path("x.html")), status: 2, "is given twice")
    expectComplaint(try train("classes", "--ensemble", "2"), status: 2, "holds a run, and --ensemble needs a folder of its own")
    expectComplaint(try glissade("average", out), status: 2, "an average takes several models, and one alone is given")
    expectComplaint(try glissade("average", out, out, "--of", "weihgts"), status: 2, "did you mean 'weights'?")
    #expect(try train("values", "--quiet", out: folder.path("values")).status == 0)
    expectComplaint(
      try glissade("average", out, folder.path("values"), "--out", folder.path("x")), status: 1, "cannot be averaged with", "its ")
    expectComplaint(try glissade("average", out, folder.path("nothing")), status: 1, "no such run folder")
    #expect(folder.names("x").isEmpty)
  }
}
