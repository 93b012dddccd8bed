import Foundation
import Testing

/// `make course-tables`, with a command that only pretends to train.
struct CourseTablesTests {
  private let folder: CommandLineTests.TemporaryFolder
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Scripts/course-tables.py").path

  /// Leaves what a run leaves, counts its calls, and knows nothing of `lion`.
  private static let fake = """
    #!/bin/sh
    command="$1"
    for word; do
      case "$last" in --out|--run) out="$word" ;; --resume) out="$word"; resumed=yes ;; --optimizer) optimizer="$word" ;; --ensemble) members=yes ;; esac
      last="$word"
    done
    if [ "$command" = evaluate ]; then
      echo '{"accuracy": 0.9, "members": [{"accuracy": 0.8}, {"accuracy": 0.85}], "gain": {"over_mean": 0.075, "over_best": 0.05}}'
      exit 0
    fi
    echo "$*" >>"$(dirname "$0")/log"
    if [ "$optimizer" = lion ]; then echo "glissade: no | lion here" >&2; exit 2; fi
    mkdir -p "$out"
    echo "glissade: 1\nlr: 0.25" >"$out/recipe.yaml"
    # Those by sgd are cut off once.
    if [ "$optimizer" = sgd ] && [ -z "$resumed" ]; then exit 0; fi
    # Those by rmsprop diverge.
    if [ "$optimizer" = rmsprop ]; then echo '{"interruption": null, "failure": "not | finite"}' >"$out/summary.json"; exit 1; fi
    echo '{"test_accuracy": 0.75, "train_loss": 0.5, "interruption": null, "failure": null}' >"$out/summary.json"
    if [ -n "$members" ]; then echo '{"together": {}}' >"$out/ensemble.json"; fi
    """

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    try Self.fake.write(toFile: folder.path("glissade"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("glissade"))
  }

  private func make(_ more: String...) throws -> Outcome {
    let common = [
      "--glissade", folder.path("glissade"), "--runs", folder.path("runs"), "--out", folder.path("page.md"), "--devices", "cpu",
      "--results", folder.path("results.json"),
    ]
    return try Command([Self.script] + common + more, executable: "/usr/bin/python3").finish()
  }

  private var page: String { get throws { try String(contentsOfFile: folder.path("page.md"), encoding: .utf8) } }
  private var calls: Int {
    get throws { try String(contentsOfFile: folder.path("log"), encoding: .utf8).split(separator: "\n").count }
  }

  @Test("Tables are made in parts, from runs that are used again") func parts() throws {
    let first = try make("--only", "optimizer", "--seeds", "2", "--minutes", "0.0000001")
    #expect(first.status == 0 && first.output.contains("from what is there: the time is over"), "\(first)")
    #expect(!folder.names().contains("log"))
    #expect(try page.contains("\n| adamw |  |  |  | 0 |\n"))
    // One that was cut off is no result; the next time it goes on.
    for seed in 1...2 {
      let cut = try make("--only", "optimizer", "--seeds", "2")
      #expect(cut.status == 1 && cut.errors.contains("optimizer-sgd-cpu-\(seed): the run has no result"), "\(cut)")
    }
    let second = try make("--only", "optimizer,ensembles", "--seeds", "2")
    #expect(second.status == 0, "\(second)")
    let text = try page
    #expect(text.contains("\n| sgd | 0.25 | 75.00 ± 0.00 | 0.500 ± 0.000 | 2 |\n"), "\(text)")
    #expect(text.contains("\n| lion | refused: no / lion here | | | |\n"), "\(text)")
    #expect(text.contains("\n| rmsprop | failed: not / finite | | | |\n"), "\(text)")
    #expect(text.contains("\n| five members | 80.00, 85.00 | 90.00 | +7.50 | +5.00 |\n"), "\(text)")
    // What ends alike is said to.
    #expect(text.contains("to the last digit: `sgd`, `momentum`"), "\(text)")
    #expect(text.contains("| lbfgs | 0.25 | 75.00 ± 0.00 | 0.500 ± 0.000 | 2 |"), "\(text)")
    let before = try calls
    #expect(try make("--only", "optimizer,ensembles", "--seeds", "2").status == 0)
    #expect(try calls == before && page == text)
    // The results are all that it takes to go on elsewhere.
    try FileManager.default.removeItem(atPath: folder.path("runs"))
    #expect(try make("--only", "optimizer,ensembles", "--seeds", "2").status == 0)
    #expect(try calls == before && page == text)
    // What both devices come to is compared.
    #expect(!text.contains("on both devices"))
    #expect(try make("--only", "ensembles,loss", "--seeds", "1", "--devices", "cpu,opencl").status == 0)
    let both = try page
    #expect(both.contains("on both devices") && both.contains("came to the same accuracy and loss to the last digit."), "\(both)")
    // Other lengths are other runs.
    let known = try calls
    #expect(try make("--only", "ensembles", "--epochs", "2").status == 0)
    #expect(try calls == known + 2)
  }
}
