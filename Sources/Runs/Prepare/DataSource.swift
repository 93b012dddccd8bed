import GlissadeData
import GlissadeFormats
import GlissadeRecipes

extension DataSource {
  /// The training and the test part. A folder's pictures are normalised by the mean and deviation of its training part.
  /// - Throws: `DataError`, `Misuse` for a name that is nearly a known one.
  package func loadPictures() throws -> (training: ImageDataset, test: ImageDataset) {
    if name == "fashion-mnist" { return (try FashionMNIST.load(.training, folder: folder), try FashionMNIST.load(.test, folder: folder)) }
    if let cifar = CIFARFolder(at: name) {
      let training = try checked(cifar.load(.training))
      let normalization = try training.measuredNormalization()
      return (try training.normalized(by: normalization), try cifar.load(.test, normalization: normalization))
    }
    let training = try checked(idx().load(.training))
    let normalization = try training.measuredNormalization()
    let test = try idx(classNames: training.classNames, shape: training.sampleShape).load(.test)
    return (try training.normalized(by: normalization), try test.normalized(by: normalization))
  }

  /// - Throws: `Failure` for samples that are all of one class.
  private func checked(_ data: ImageDataset) throws(Failure) -> ImageDataset {
    guard Set(data.labels).count > 1 else {
      let name = data.labels.first.map { "'\(printable(data.classNames[Int($0)]))'" } ?? "none"
      throw Failure("\(self.name): all of its samples are of one class, \(name), and telling apart takes two")
    }
    return data
  }

  /// The test part, prepared for a model that was trained on something else.
  /// - Throws: `Misuse` for a table.
  package func loadTest(for run: RunDescription) throws -> ImageDataset {
    if isTable { throw Misuse("the run's model is for pictures, and --data \(name) is a table") }
    return try cifar(for: run) ?? idx(classNames: run.classNames, normalization: run.normalization, shape: run.input).load(.test)
  }

  /// The test part of CIFAR, where the folder holds it.
  /// - Throws: `DataError` where its pictures or its number of classes are not what the run's model takes.
  private func cifar(for run: RunDescription) throws(DataError) -> ImageDataset? {
    guard let folder = CIFARFolder(at: name) else { return nil }
    guard run.input == [32, 32, 3] else { throw .wrongShape(source: name, found: [32, 32, 3], expected: run.input) }
    let data = try folder.load(.test, normalization: run.normalization)
    guard data.classCount == run.classNames.count else {
      throw .wrongSize(what: "classes of \(name)", found: data.classCount, expected: run.classNames.count)
    }
    return data
  }

  private func idx(classNames: [String]? = nil, normalization: Normalization? = nil, shape: [Int]? = nil) throws(Misuse) -> IDXFolder {
    let isKnown = Self.knownNames.contains(name)
    if !isKnown, !name.contains("/"), !exists(name), let nearest = Nearest.to(name, among: Self.knownNames) {
      throw Misuse("unknown data '\(name)', which is no folder either; did you mean '\(nearest)'?")
    }
    let names = Self.knownNames.joined(separator: ", ")
    let hint =
      !exists(name) && isLink(name)
      ? "it is a link that leads nowhere"
      : isKnown
        ? FashionMNIST.folder(folder).hint
        : "--data takes \(names), a folder with MNIST-like IDX files, CIFAR's binary files or a folder of pictures for each class, or a table that ends in .csv, .tsv or .tab"
    return IDXFolder(path: folder, classNames: classNames, normalization: normalization, expectedShape: shape, hint: hint)
  }
}
