import Foundation
import Glissade
import GlissadeFormats
import Testing

/// What a shell offers for the values of options and arguments.
struct CompletionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func script(_ shell: String) throws -> String {
    let outcome = try glissade("--generate-completion-script", shell)
    #expect(outcome.status == 0)
    return outcome.output
  }

  /// What bash offers behind words, the last of which is begun.
  private func offered(_ words: [String]) throws -> [String] {
    try Data(Self.script("bash").utf8).write(to: URL(fileURLWithPath: folder.path("completion.bash")))
    let asked = """
      . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      compopt() { :; }; _glissade "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try Command(
      ["-c", asked, folder.path("completion.bash"), Command.path] + words, executable: "/bin/bash", directory: folder.path
    ).finish()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    (["train", "--model", "res"], ["resnet18", "resnet18-imagenet", "resnet34", "resnet50"]),
    (["train", "--optimizer", "ada"], ["adagrad", "adadelta", "adam", "adamw", "adamax"]),
    (["recipe", "--schedule", "cos"], ["cosine", "cosine-restarts"]), (["finetune", "--loss", "h"], ["huber", "hinge"]),
    (["train", "--activation", "hard"], ["hardtanh", "hardswish", "hardsigmoid"]), (["evaluate", "--device", "c"], ["cpu"]),
    (["finetune", "--freeze", "b"], ["backbone"]), (["train", "--augment", "r"], ["resized-crop", "rotation", "rand-augment"]),
    (["weights", "resnet1"], ["resnet18", "resnet18-imagenet"]), (["schedule", "one"], ["one-cycle"]),
    (["train", "--augment", "flip,cr"], ["flip,crop"]), (["finetune", "--freeze", "head,"], ["head,backbone"]),
    (["landscape", "ravine", "--optimizer", "sgd,adam,ada"], ["adagrad", "adadelta", "adamw", "adamax"].map { "sgd,adam,\($0)" }),
    (["landscape", "ro"], ["rosenbrock"]), (["average", "--of", "p"], ["predictions"]), (["bench", "k"], ["kernels"]),
  ])
  func valuesAreOffered(_ words: [String], _ values: [String]) throws {
    #expect(Set(try offered(words)) == Set(values), "\(words)")
  }

  @Test func filesAreOffered() throws {
    for name in ["mine.yaml", "mine.txt"] { try Data().write(to: URL(fileURLWithPath: folder.path(name))) }
    #expect(try offered(["train", "--recipe", "mi"]) == ["mine.yaml"])
    #expect(Set(try offered(["train", "--data", "mi"])) == ["mine.yaml", "mine.txt"])
    // And names beside them; of a folder that is all there is, what it holds.
    #expect(Set(try offered(["train", "--data", ""])) == ["fashion-mnist", "mine.yaml", "mine.txt", "completion.bash"])
    #expect(try offered(["train", "--data", "fash"]) == ["fashion-mnist"])
    #expect(try offered(["finetune", "--pretrained", "ima"]).contains("imagenet"))
    #expect(Set(try offered(["finetune", "--pretrained", "mi"])) == ["mine.yaml", "mine.txt"])
    try FileManager.default.createDirectory(atPath: folder.path("pictures/train"), withIntermediateDirectories: true)
    #expect(Set(try offered(["train", "--data", "pic"])) == ["pictures/", "pictures/train/"])
    #expect(try offered(["train", "--data", folder.path("pictures/t")]) == [folder.path("pictures/train/")])
  }

  @Test func devicesAreOffered() throws {
    let listed = try JSONValue.parse(Array(glissade("devices", "--json").output.utf8))
    let names = (listed["devices"]?.arrayValue ?? []).compactMap { $0["identifier"]?.stringValue }
    try #require(names.contains("cpu"))
    let devices = names.filter { $0.hasPrefix("opencl") }
    #expect(try offered(["train", "--device", "opencl"]) == ["opencl"] + devices)
    #expect(try offered(["bench", "--device", "a"]) == ["auto"])
  }

  @Test func whatASearchVariesIsOffered() throws {
    #expect(try offered(["sweep", "--vary", "optim"]) == ["optimizer="])
    #expect(Set(try offered(["sweep", "--vary", "l"])).isSuperset(of: ["lr=", "loss=", "l2="]))
    let optimizers = ["adagrad", "adadelta", "adam", "adamw", "adamax"].map { "optimizer=sgd,\($0)" }
    #expect(Set(try offered(["sweep", "--vary", "optimizer=sgd,ada"])) == Set(optimizers))
    #expect(try offered(["sweep", "--vary", "amsgrad=t"]) == ["amsgrad=true"])
    #expect(try offered(["sweep", "--vary", "lr=1e-4"]).isEmpty && offered(["sweep", "--vary", "nothing=1"]).isEmpty)
  }

  @Test func runsAreOfferedWhereverTheyLie() throws {
    for run in ["runs/first", "runs/cross/fold-1", "other"] {
      try FileManager.default.createDirectory(atPath: folder.path(run), withIntermediateDirectories: true)
      try Data("glissade: 1\n".utf8).write(to: URL(fileURLWithPath: folder.path("\(run)/recipe.yaml")))
    }
    try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
    #expect(try offered(["evaluate", "--run", ""]) == ["other", "runs/cross/fold-1", "runs/first"])
    #expect(try offered(["train", "--resume", "runs/f"]) == ["runs/first"])
    #expect(try offered(["report", "ru"]) == ["runs/cross/fold-1", "runs/first"])
    #expect(try offered(["predict", "--run", folder.path("o")]) == [folder.path("other")])
    try FileManager.default.createDirectory(atPath: folder.path("runs/search"), withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path("runs/search/sweep.json")))
    #expect(try offered(["sweep", "--resume", ""]) == ["runs/search"])
    // Where there is none, the way to one.
    #expect(try offered(["evaluate", "--run", "da"]) == ["data"])
  }

  @Test func thereAreThreeShells() throws {
    expectComplaint(try glissade("--generate-completion-script", "tcsh"), status: 2, "unknown shell 'tcsh'; ", "bash, fish, zsh")
    expectComplaint(try glissade("--generate-completion-script=fsh"), status: 2, "unknown shell 'fsh'; did you mean 'fish'?")
  }

  /// zsh and fish have the same words from the same declarations.
  @Test(arguments: ["zsh", "fish"]) func otherShellsHaveTheValues(_ shell: String) throws {
    let script = try Self.script(shell)
    for option in Recipe.declarations {
      guard let words = option.beginnings else { continue }
      if option.isWordList || option.name == "device" {
        #expect(script.contains("---completion train -- --\(option.optionName)"), "\(option.name)")
        continue
      }
      let list = shell == "zsh" ? words.map { "'\($0)'" }.joined(separator: " ") : "'\(words.joined(separator: " "))'"
      #expect(script.contains(list), "\(option.name)")
    }
    for value in ["evaluate -- --run", "train -- --data", "finetune -- --pretrained", "evaluate -- --device", "sweep -- --vary"] {
      #expect(script.contains("---completion \(value)"), "\(value)")
    }
  }
}
