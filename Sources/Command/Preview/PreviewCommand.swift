import ArgumentParser
import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade preview`.
struct PreviewCommand: ParsableCommand, RecipeArguments {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Write a page about what a training would get, before it begins.",
    discussion: """
      Takes what 'glissade train' and 'glissade finetune' take, and trains nothing. One file of HTML that opens without a network: pictures of \
      each class as the model will see them, augmented, several draws of each; a table's columns and what each becomes; how many samples the \
      classes have; the learning rate; the model's layers with shapes and parameters, and the memory that a step takes.
      """)

  @OptionGroup(title: EssentialSection.title) var essentials: SectionArguments<EssentialSection>

  @OptionGroup(title: EssentialSection.title) var places: PreviewPlaces

  @OptionGroup(title: TrainingSection.title) var training: SectionArguments<TrainingSection>

  @OptionGroup(title: DeviceSection.title) var device: SectionArguments<DeviceSection>

  @OptionGroup(title: PretrainedSection.title) var pretrained: SectionArguments<PretrainedSection>

  @OptionGroup(title: FoldSection.title) var folds: SectionArguments<FoldSection>

  @OptionGroup(title: EnsembleSection.title) var ensembles: SectionArguments<EnsembleSection>

  @OptionGroup(title: StoppingSection.title) var stopping: SectionArguments<StoppingSection>

  @OptionGroup(title: SavingSection.title) var saving: SectionArguments<SavingSection>

  @OptionGroup(title: OptimizerSection.title) var optimizers: SectionArguments<OptimizerSection>

  @OptionGroup(title: GroupSection.title) var groups: SectionArguments<GroupSection>

  @OptionGroup(title: RegularizationSection.title) var regularization: SectionArguments<RegularizationSection>

  @OptionGroup(title: BalanceSection.title) var balance: SectionArguments<BalanceSection>

  @OptionGroup(title: TableSection.title) var table: SectionArguments<TableSection>

  @OptionGroup(title: PictureSection.title) var pictures: SectionArguments<PictureSection>

  func run() throws {
    var recipe = try places.recipe.map(RecipeFile.read) ?? Recipe()
    try apply(to: &recipe)
    try recipe.check()
    let request = try TrainingRequest(recipe, resuming: nil, file: places.recipe, fetch: FetchReport().file)
    // Before data is read, which may take minutes.
    try places.check(against: request.inputs)
    try RecipePreview(of: request, note: Terminal.note).write(to: places.out)
    try Terminal.print("saved in \(printable(places.out))\n")
  }
}

/// Where the page is to be, and what the training would be made from.
struct PreviewPlaces: ParsableArguments {
  @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file(extensions: ["html"]))
  var out: String

  @Option(
    help: ArgumentHelp("A recipe (see 'glissade recipe'), or - for standard input; options change what it says.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
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
