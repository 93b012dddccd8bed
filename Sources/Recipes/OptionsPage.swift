/// The reference of all options of training, made from their declarations: `docs/options.md`.
package enum OptionsPage {
  /// The page, in Markdown.
  package static var text: String {
    let beginning = """
      # Options of training

      What decides a training, as `glissade train`, `glissade finetune` and `glissade recipe` take it on the command line, and as recipes
      have it. Made by `Scripts/options.sh` from the declarations in `Sources/Recipes/Options/`; edit those.

      A recipe is a YAML file that begins with `glissade: \(RecipeReader.version)`, with a line `name: value` for each option; a list is
      written `[a, b]`, and `null` stands for no value. What nobody gives has its default. On the command line underscores are dashes
      (`batch_size` is `--batch-size`), lists have commas, and a switch is given by its name, or taken back with `--no-` before it.
      Options change what a recipe says. 'May differ' says whether `--resume` lets an option be another.

      """
    return beginning + Recipe.sections.map(section).joined(separator: "\n")
  }

  private static func section(_ section: any RecipeSection) -> String {
    let title = type(of: section).title
    var lines = title.isEmpty ? [] : ["", "## \(title)"]
    for option in section.declarations {
      let names = ([option.name] + option.aliases).map { "`--\(type(of: option).optionName($0))`" }.joined(separator: ", ")
      var facts = ["value: \(option.rangeText.map { "\(option.kind), \($0)" } ?? option.choices?.joined(separator: ", ") ?? option.kind)"]
      facts.append("default: \(option.defaultText ?? (option.isFlag ? "false" : "none"))")
      if let needs = option.needs { facts.append("for: \(needs.text)") }
      switch option.whenResumed {
      case .same: break
      case .free: facts.append("may differ")
      case .place: facts.append("may be named anew, where the same lies elsewhere")
      }
      lines += ["", "**`\(option.name)`**, \(names): \(option.help)", ""] + facts.map { "- \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
