import ArgumentParser
import Glissade

/// The options of one theme that a command has, made from their declarations: names, help, completion. What everybody needs is
/// `SectionArguments<Use, EssentialSection>`, and not in its theme.
struct SectionArguments<Use: RecipeUse, Section: RecipeSection>: ParsableArguments, CustomReflectable {
  /// What was given, by the options' names.
  private(set) var given: [(name: String, text: String)] = []

  init() {}

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: OptionKey.self)
    for declaration in Use.options(of: Section.self) {
      let key = OptionKey(declaration.name)
      if declaration.isFlag {
        if let flag = try values.decode(Flag<Bool?>.self, forKey: key).wrappedValue { given.append((declaration.name, "\(flag)")) }
      } else if declaration.isRepeated {
        let texts = try values.decode(Option<[String]>.self, forKey: key).wrappedValue
        if !texts.isEmpty { given.append((declaration.name, texts.joined(separator: ";"))) }
      } else if let text = try values.decode(Option<String?>.self, forKey: key).wrappedValue {
        given.append((declaration.name, text))
      }
    }
  }

  /// What the parser finds the options by.
  var customMirror: Mirror {
    Mirror(self, children: Use.options(of: Section.self).map { (label: "_" + $0.name, value: $0.argument) }, displayStyle: .struct)
  }
}

/// The name of an option, or of a group of them, as the parser keeps its value.
struct OptionKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension RecipeDeclaration {
  /// What the parser has to know of it.
  fileprivate var argument: Any {
    let names = NameSpecification(([name] + aliases).map { .customLong(String($0.map { $0 == "_" ? "-" : $0 })) })
    if isFlag { return Flag<Bool?>(name: names, inversion: .prefixedNo, help: ArgumentHelp(stringLiteral: fullHelp)) }
    let help = ArgumentHelp(fullHelp, valueName: valueName ?? optionName)
    if isRepeated { return Option<[String]>(wrappedValue: [], name: names, parsing: .singleValue, help: help, completion: completion) }
    return Option<String?>(name: names, parsing: beginsWithNumber ? .unconditional : .next, help: help, completion: completion)
  }

  /// Values, as shells offer them.
  fileprivate var completion: CompletionKind {
    if name == DeviceSection().device.name { return .device }
    if let beginnings { return isWordList ? .words(beginnings) : .list(beginnings) }
    let placeNames = placeNames
    if path != nil, !placeNames().isEmpty { return .place(placeNames) }
    return path == nil ? .default : .file()
  }
}

extension ArgumentHelp {
  /// The help of an option of training, for another command that has it, too.
  static func of(_ name: String) -> ArgumentHelp { ArgumentHelp(stringLiteral: Recipe.declaration(name)?.fullHelp ?? "") }
}

extension CompletionKind {
  /// The values of an option of training, for another command that has it, too.
  static func of(_ name: String) -> CompletionKind { Recipe.declaration(name)?.completion ?? .default }
}
