extension Recipe {
  /// The recipe with everything that is in force given, so that defaults of other versions change nothing of it.
  ///
  /// What follows from the data where nobody gives it (the batch size, the hidden layers of a network for a table) is left as it is; who has
  /// read the data gives these first.
  /// - Parameter kind: what the data is.
  public func completed(for kind: DataSource.Kind) -> Recipe {
    var result = Recipe()
    for declaration in Self.declarations {
      if let need = declaration.needs, !need.isMet(by: self, on: kind) { continue }
      // Where folds take turns there is no share.
      if declaration.name == Self.shareOfValidation, self.kfold != nil { continue }
      if Self.ofData.contains(declaration.name), !isGiven(declaration.name) { continue }
      result.put(declaration.value(in: self), for: declaration.name, origin: origin(of: declaration.name) ?? .program)
    }
    return result
  }

  private static let shareOfValidation = "validation"

  /// The options that follow from the data where nobody gives them.
  public static let ofData = ["batch_size", "hidden"]
}

extension RecipeDeclaration {
  /// Whether a training has the option.
  public func isFor(_ recipe: Recipe, _ kind: DataSource.Kind) -> Bool { needs?.isMet(by: recipe, on: kind) ?? true }
}

extension Recipe {
  /// What two recipes say differently: options, and what is in force of them, or a dash where one has no such option.
  public func differences(from other: Recipe) -> [(name: String, one: String, other: String)] {
    Self.declarations.compactMap { declaration in
      let texts = [self, other].map { $0.given[declaration.name]?.value.recipeText ?? "-" }
      return texts[0] == texts[1] ? nil : (declaration.name, texts[0], texts[1])
    }
  }
}
