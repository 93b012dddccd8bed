import ArgumentParser
import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade preview`.
typealias PreviewCommand = UsingRecipe<Previewing>

/// What a preview has of its own.
struct Previewing: RecipeUse {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Write a page about what a training would get, before it begins.",
    discussion: """
      Takes what 'glissade train' and 'glissade finetune' take, and trains nothing. One file of HTML that opens without a network: pictures of \
      each class as the model will see them, augmented, several draws of each; a table's columns and what each becomes; how many samples the \
      classes have; the learning rate; the model's layers with shapes and parameters, and the memory that a step takes.
      """)

  @OptionGroup(title: EssentialSection.title) var places: PreviewPlaces

  @OptionGroup var published: PublishedDeviceOption

  func run(_ given: GivenOptions) throws {
    let published = try published.device()
    let recipe = try given.recipe(from: places.recipe)
    try recipe.check()
    let request = try TrainingRequest(recipe, resuming: nil, file: places.recipe, fetch: FetchReport().file)
    // Before data is read, which may take minutes.
    try places.check(against: request.inputs)
    try RecipePreview(of: request, as: published, note: Terminal.note).write(to: places.out)
    try Terminal.print("saved in \(printable(places.out))\n")
  }
}

/// Where the page is to be, and what the training would be made from.
struct PreviewPlaces: ParsableArguments {
  @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file(extensions: ["html"]))
  var out: String

  @Option(help: .recipeFile, completion: .recipeFile)
  var recipe: String?

  /// Sees whether the page can be where it is to be.
  func check(against inputs: [String]) throws {
    if out.isEmpty { throw Misuse("--out is empty, and it has to name a file") }
    if isFolder(out) { throw Misuse("--out is \(out), which is a folder, and it has to name a file") }
    if let read = FileIdentity(out), let input = inputs.first(where: { FileIdentity($0) == read }) {
      throw Misuse("--out is \(out), and the training reads \(input), which would be overwritten; take another file")
    }
    try DrawnFile.page.check(out, "--out")
    let folder = out.lastIndex(of: "/").map { $0 == out.startIndex ? "/" : String(out[..<$0]) } ?? "."
    if !isFolder(folder) { throw Failure("\(out) cannot be written: there is no folder \(folder)") }
  }
}
