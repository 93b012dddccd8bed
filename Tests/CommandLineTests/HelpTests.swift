import Foundation
import Glissade
import Testing

/// What help says, of every command at once: the parser's own description of them.
struct HelpTests {
  /// An option or argument of a command.
  struct Argument: Decodable {
    struct Name: Decodable { let name: String }
    let names: [Name]?
    let sectionTitle: String?
    let abstract: String?
    let defaultValue: String?
    let valueName: String?
  }

  struct Description: Decodable {
    let commandName: String
    let arguments: [Argument]?
    let subcommands: [Description]?
  }

  private struct Tool: Decodable { let command: Description }

  let commands: [Description]

  init() throws {
    let outcome = try glissade("--experimental-dump-help")
    try #require(outcome.status == 0)
    commands = try JSONDecoder().decode(Tool.self, from: Data(outcome.output.utf8)).command.subcommands ?? []
    try #require(commands.count > 10)
  }

  /// The options that everybody needs, then where a training is and what it is made from.
  private static let first = Recipe.essentials.map(\.optionName) + ["out", "recipe", "resume"]

  @Test func whatEverybodyNeedsComesFirst() throws {
    #expect(Recipe.essentials.map(\.name) == ["data", "model", "pretrained", "epochs", "batch_size", "lr", "optimizer", "device"])
    let essentials = Recipe.essentials.map(\.optionName)
    for (command, options) in [
      ("train", Self.first), ("finetune", Self.first), ("recipe", essentials), ("preview", essentials + ["out", "recipe"]),
      ("sweep", Self.first + ["vary", "trials", "strategy", "metric", "max-time"]),
      ("lr-find", essentials.filter { $0 != "epochs" } + ["out", "recipe", "from", "to", "steps"]),
    ] {
      let help = try glissade(command, "--help").output
      let sections = help.components(separatedBy: "\n\n").filter { $0.contains(":\n  ") }
      let section = try #require(sections.first { !$0.hasPrefix("ARGUMENTS") && !$0.hasPrefix("OVERVIEW") && !$0.hasPrefix("USAGE") })
      #expect(section.hasPrefix("ESSENTIALS:\n"), "\(command): \(section.prefix(60))")
      let listed = section.split(separator: "\n").filter { $0.hasPrefix("  --") }.map { $0.dropFirst(4).prefix { !" ,/".contains($0) } }
      #expect(listed.map(String.init) == options, "\(command)")
    }
  }

  @Test func theyAreInOneOrderEverywhere() {
    for command in commands {
      let places = (command.arguments ?? []).compactMap { argument in
        argument.names?.first.flatMap { Self.first.firstIndex(of: $0.name) }
      }
      #expect(places == places.sorted(), "\(command.commandName): \(places.map { Self.first[$0] })")
    }
  }

  @Test func everyOptionStandsOnceAndInSomeTheme() throws {
    for name in ["train", "finetune", "recipe", "preview"] {
      let command = try #require(commands.first { $0.commandName == name })
      let names = (command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
      for option in Recipe.declarations { #expect(names.filter { $0 == option.optionName }.count == 1, "\(name) --\(option.optionName)") }
    }
  }

  /// What would do nothing is not there to be given.
  @Test func aRangeTestHasNoOptionsOfWhatItLeavesOut() throws {
    let command = try #require(commands.first { $0.commandName == "lr-find" })
    let names = (command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
    let sections = Set((command.arguments ?? []).compactMap(\.sectionTitle).map { $0.lowercased() })
    #expect(!sections.contains("checkpoints") && !sections.contains("stopping early") && sections.contains("tables"))
    for name in ["tensorboard", "checkpoint-every", "monitor", "early-stop", "max-time", "epochs", "schedule", "ema"] {
      #expect(!names.contains(name))
    }
    for option in Recipe.declarations { #expect(names.filter { $0 == option.optionName }.count <= 1, "--\(option.optionName)") }
    #expect(names.contains("lr") && names.contains("limit") && names.contains("stay-close"))
    expectComplaint(try glissade("lr-find", "--tensorboard"), status: 2, "--tensorboard")
    let sweep = try #require(commands.first { $0.commandName == "sweep" })
    let given = (sweep.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
    #expect(given.filter { $0 == "max-time" }.count == 1)
  }

  @Test func noDefaultIsToldTwice() {
    for command in commands {
      for argument in command.arguments ?? [] where argument.abstract?.contains("(default") == true {
        #expect(argument.defaultValue == nil, "\(command.commandName) --\(argument.names?.first?.name ?? argument.valueName ?? "")")
      }
    }
  }
}
