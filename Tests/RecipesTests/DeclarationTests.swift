import Foundation
import GlissadeOptimizers
import Testing

@testable import GlissadeRecipes

/// What every option of training has, by its declaration.
struct DeclarationTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func everyOptionIsExplained() {
    for option in Recipe.declarations {
      #expect(option.help.hasSuffix(".") && option.help.count > 10 && !option.help.contains("\n"), "\(option.name)")
      #expect(option.name.allSatisfy { $0.isLowercase && $0.isASCII || $0.isNumber || $0 == "_" }, "\(option.name)")
      #expect(OptionsPage.text.contains("**`\(option.name)`**, `--\(option.optionName)`"), "\(option.name)")
    }
    let names = Recipe.declarations.flatMap { [$0.name] + $0.aliases }
    #expect(Set(names).count == names.count)
  }

  @Test func theReferenceIsNew() throws {
    let page = try String(contentsOf: Self.root.appendingPathComponent("docs/options.md"), encoding: .utf8)
    #expect(page == OptionsPage.text, "Scripts/options.sh writes it anew")
  }

  @Test func everyOptionHasADefaultThatMakesSense() throws {
    let recipe = Recipe()
    for option in Recipe.declarations {
      let value = option.standardValue(in: recipe)
      if value.isNone {
        #expect(option.none != nil, "\(option.name)")
        continue
      }
      try option.check(value)
      let again = try option.read(.one(value.recipeText))
      #expect(again.recipeText == value.recipeText, "\(option.name)")
      if let list = value.recipeList { #expect(try option.read(.list(list)).recipeText == value.recipeText, "\(option.name)") }
    }
  }

  @Test func whatIsJustOutsideIsRefusedAlikeEverywhere() throws {
    for option in Recipe.declarations where option.isNumber {
      // Any number is a seed.
      #expect(!option.outside.isEmpty || option.name == "seed", "\(option.name)")
      for text in option.outside {
        var recipe = Recipe()
        let spoken = #expect(throws: RecipeError.self, "\(option.name) \(text)") {
          try recipe.set(option.name, to: .one(text), from: .commandLine)
        }
        let (_, problems) = Recipe.read(Array("glissade: 1\n\(option.name): \(text)\n".utf8), path: "a.yaml")
        #expect(problems.count == 1, "\(option.name) \(text)")
        let written = try #require(problems.first?.description)
        let sentence = try #require(spoken).description.dropFirst("--\(option.optionName) ".count)
        #expect(written.hasPrefix("a.yaml:2:") && written.hasSuffix(" \(option.name) \(sentence)"), "\(written) / \(sentence)")
        #expect(sentence.contains("it has to be \(option.rangeText ?? "")"), "\(sentence)")
      }
    }
  }

  @Test func whatIsNoneOfTheWordsIsRefused() throws {
    for option in Recipe.declarations where option.choices != nil && !option.isFlag {
      var recipe = Recipe()
      let nearly = String((option.choices?.first ?? "").dropLast()) + "q"
      let error = #expect(throws: RecipeError.self) { try recipe.set(option.name, to: .one(nearly), from: .commandLine) }
      #expect(error?.description.hasPrefix("unknown \(option.noun) '\(nearly)'; ") == true, "\(option.name)")
    }
  }

  @Test func optimizersListAllTheirNumbers() {
    for entry in Optimizers.all {
      let (rule, parameters) = (entry.rule, entry.hyperparameters)
      #expect(parameters.count == Mirror(reflecting: rule).children.count, "\(rule)")
      #expect(Set(parameters.map(\.name)).count == parameters.count)
      for parameter in parameters {
        let other: Hyperparameter.Value = parameter.range == nil ? .flag(true) : .number(0.375)
        #expect(parameter.value(of: parameter.setting(other, in: rule)) == other, "\(parameter.name)")
        #expect(Recipe.declaration(parameter.name) != nil)
      }
    }
    #expect(
      Optimizers.names == [
        "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "adamax", "nadam", "radam", "lion", "lars",
        "lamb", "muon", "lbfgs",
      ])
  }

  /// Three options in one list are a list that somebody would have to keep up to date.
  @Test func noListOfOptionsStandsTwice() throws {
    let names = Set(Recipe.declarations.flatMap { [$0.name, "--\($0.optionName)"] })
    let sources = Self.root.appendingPathComponent("Sources")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") } ?? []
    #expect(files.count > 200)
    for file in files {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for match in text.matches(of: /\[\s*"([a-z_0-9-]+)"\s*,\s*"([a-z_0-9-]+)"\s*,\s*"([a-z_0-9-]+)"/) {
        let found = [match.1, match.2, match.3].map(String.init)
        #expect(!found.allSatisfy(names.contains), "\(file): \(found)")
      }
    }
  }
}
