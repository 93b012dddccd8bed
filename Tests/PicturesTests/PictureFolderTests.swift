import Glibc
import GlissadeData
import GlissadeFormats
import GlissadePictures
import Testing

/// Folders as classes.
@Suite struct PictureFolderTests {
  private let tree: PictureTree

  init() throws { tree = try PictureTree() }

  private func touch(_ names: String...) throws { for name in names { try tree.put(name, [1]) } }

  private func relative(_ list: PictureList) -> [String] { list.paths.map { String($0.dropFirst(tree.path.count + 1)) } }

  /// Why the folder is no data to train on.
  private func refusal(_ classes: [String]? = nil) -> String? {
    do throws(DataError) { _ = try PictureFolder(path: tree.path, classes: classes) } catch { return error.description }
    return nil
  }

  @Test func classesAreTopLevelNames() throws {
    try touch(
      "b/2.png", "b/10.PNG", "b/deep/er/1.JPeG", "a/x.jpg", "a/notes.txt", "a/x.gif", "a/.hidden.png", ".git/c.png", "loose.png",
      "Z/é.png",
      "empty/readme.md", "a/.png")
    let folder = try PictureFolder(path: tree.path)
    #expect(folder.classNames == ["Z", "a", "b"])
    // By bytes: capitals first, and 10 before 2.
    #expect(relative(folder.pictures) == ["Z/é.png", "a/x.jpg", "b/10.PNG", "b/2.png", "b/deep/er/1.JPeG"])
    #expect(folder.pictures.labels == [0, 1, 2, 2, 2])
    #expect(folder.validation == nil && folder.test == nil)
    #expect(try PictureFolder.pictures(in: tree.place("b")).count == 3)
  }

  @Test func chosenClasses() throws {
    try touch("animals/1.png", "food/1.png", "town/1.png")
    let folder = try PictureFolder(path: tree.path, classes: ["town", "animals"])
    #expect(folder.classNames == ["town", "animals"] && folder.pictures.labels == [0, 1])
    #expect(relative(folder.pictures) == ["town/1.png", "animals/1.png"])
    #expect(throws: DataError.empty(what: "\(tree.path): no class 'anmals'; did you mean 'animals'?")) {
      try PictureFolder(path: tree.path, classes: ["food", "anmals"])
    }
    #expect(throws: DataError.self) { try PictureFolder(path: tree.path, classes: ["food", "food"]) }
    #expect(throws: DataError.self) { try PictureFolder(path: tree.path, classes: []) }
    #expect(refusal(["food"])?.hasSuffix("one class, 'food', is chosen, and telling apart takes two; there are also animals, town") == true)
    try touch("cats, big/1.png")
    #expect(
      refusal(["cats", "food"])?.hasSuffix("did you mean 'cats, big'? A comma in a name is written \\, as in --classes 'cats\\, big'")
        == true)
  }

  @Test func partsOfTheirOwn() throws {
    try touch("Train/a/1.png", "Train/b/1.png", "Train/b/2.png", "validation/b/3.png", "test/a/4.png", "other/c/1.png")
    let folder = try PictureFolder(path: tree.path)
    #expect(folder.classNames == ["a", "b"])
    let split = try folder.split(validation: 0.5, test: 0.3, seed: 1)
    #expect(relative(split.training) == ["Train/a/1.png", "Train/b/1.png", "Train/b/2.png"])
    #expect(relative(split.validation) == ["validation/b/3.png"] && split.validation.labels == [1])
    #expect(relative(split.test) == ["test/a/4.png"] && split.test.classNames == ["a", "b"])
    try touch("test/c/1.png")
    #expect(throws: DataError.empty(what: "\(tree.path)/test: the class 'c' has no pictures to train on")) {
      try PictureFolder(path: tree.path)
    }
    let chosen = try PictureFolder(path: tree.path, classes: ["b", "a"])
    #expect(chosen.test?.labels == [1] && chosen.leftOut[.besideParts] == 1)
  }

  @Test(arguments: [("training", "testing"), ("Train_set", "dev"), ("seg_train", "seg_test"), ("train2017", "val2017"), ("TRN", "eval")])
  func partsByOtherNames(training: String, other: String) throws {
    try touch("\(training)/a/1.png", "\(training)/b/1.png", "\(other)/a/2.png")
    let folder = try PictureFolder(path: tree.path)
    #expect(folder.classNames == ["a", "b"] && folder.pictures.count == 2)
    #expect([folder.validation, folder.test].compactMap { $0 }.map(\.count) == [1])
  }

  @Test func aPartMayLieInAFolderOfItsName() throws {
    try touch("seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png", "seg_test/seg_test/a/2.png")
    let folder = try PictureFolder(path: tree.path)
    #expect(relative(folder.pictures) == ["seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png"] && folder.test?.count == 1)
  }

  @Test func twoFoldersForOnePartAreNamed() throws {
    try touch("train/a/1.png", "train/b/1.png", "val/a/2.png", "dev/a/3.png")
    #expect(refusal()?.contains("'dev' and 'val' both look like the part to validate with") == true)
  }

  @Test func aClassMayBeCalledTrain() throws {
    try touch("train/1.png", "bus/1.png")
    #expect(try PictureFolder(path: tree.path).classNames == ["bus", "train"])
    try touch("val/1.png")
    #expect(try PictureFolder(path: tree.path).classNames == ["bus", "train", "val"])
  }

  @Test func whatLooksLikePartsIsNoClass() throws {
    try touch("fold1/a/1.png", "fold1/b/1.png", "fold2/a/2.png", "fold2/b/2.png")
    let message = refusal()
    #expect(message?.contains("all of its folders (fold1, fold2) have the same folders in them (a, b)") == true)
    #expect(message?.contains("--classes fold1,fold2") == true)
    #expect(try PictureFolder(path: tree.path, classes: ["fold1", "fold2"]).pictures.count == 4)
    // With pictures of its own one of them is a class, and so are the others.
    try touch("fold1/1.png")
    #expect(try PictureFolder(path: tree.path).classNames == ["fold1", "fold2"])
  }

  @Test func partsWithoutOneToTrainOn() throws {
    try touch("test/a/1.png", "val/a/1.png")
    #expect(refusal()?.contains("(test, val) look like parts of the data, not like classes, and none is to train on") == true)
  }

  @Test func aSingleClassIsNoData() throws {
    try touch("dataset/green/1.png", "dataset/red/1.png")
    let expected = "it holds one class, 'dataset', and telling apart takes two; did you mean \(tree.path)/dataset (green, red)?"
    #expect(refusal() == "\(tree.path): \(expected)")
    // The class that stands one folder higher.
    let inside = DataError.empty(
      what:
        "\(tree.path)/dataset/red: 1 picture lies in it, but none in a folder; pictures have to be in a folder for each class, or --labels "
        + "has to name a table of their classes; "
        + "did you mean \(tree.path)/dataset (green, red)?")
    #expect(throws: inside) { try PictureFolder(path: tree.place("dataset/red")) }
    #expect { try PictureFolder(path: tree.place("dataset/red/")) } throws: {
      "\($0)".hasSuffix("did you mean \(tree.path)/dataset (green, red)?")
    }
    // The table that says what the pictures are.
    try touch("flat/1.png", "flat/labels.csv")
    #expect { try PictureFolder(path: tree.place("flat")) } throws: {
      "\($0)".hasSuffix("did you mean --labels \(tree.path)/flat/labels.csv?")
    }
    try touch("wrapped/deep/train/a/1.png", "wrapped/deep/test/a/1.png")
    #expect(throws: DataError.self) { try PictureFolder(path: tree.place("wrapped")) }
  }

  @Test func namesThatOnlyTheirCompositionTellsApart() throws {
    try touch("caf\u{e9}/1.png", "cafe\u{301}/1.png", "tea/1.png")
    #expect(refusal()?.contains("'cafe\\u{0301}' and 'caf\\u{00E9}' differ only in how Unicode composes their names") == true)
    // One by one they can be chosen, by their bytes.
    for name in ["caf\u{e9}", "cafe\u{301}"] {
      let folder = try PictureFolder(path: tree.path, classes: [name, "tea"])
      #expect(folder.pictures.paths[0].utf8.elementsEqual("\(tree.path)/\(name)/1.png".utf8))
      #expect(folder.classNames[0].utf8.elementsEqual(name.utf8))
    }
  }

  @Test func namesThatAreNoUTF8() throws {
    try touch("red/1.png")
    try tree.picture("blue/1.png", 1)
    let (folder, file) = (
      Array("\(tree.path)/".utf8) + [0x62, 0xfc], Array("\(tree.path)/".utf8) + [0x62, 0xfc, 0x2f, 0xe9, 0x2e, 0x70, 0x6e, 0x67]
    )
    func path(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
    #expect(mkdir(path(folder), 0o777) == 0 && rename(tree.place("blue/1.png"), path(file)) == 0)
    let listed = try PictureFolder(path: tree.path)
    #expect(listed.classNames.map { printable($0) } == ["b\\xfc", "red"])
    #expect(try Picture(contentsOf: listed.pictures.paths[0]).width == 20)
    #expect(try PictureFolder(path: tree.path, classes: listed.classNames).pictures == listed.pictures)
  }

  @Test func linksThatLeadOutOfAClassAreNotFollowed() throws {
    try touch("a/1.png", "b/2.png")
    try tree.link("a/again", to: tree.place("a"))
    try tree.link("a/up", to: tree.path)
    try tree.link("a/gone.png", to: tree.place("nothing"))
    let folder = try PictureFolder(path: tree.path)
    #expect(relative(folder.pictures) == ["a/1.png", "b/2.png"])
    #expect(folder.leftOut[.linksBack] == 2 && folder.leftOut[.brokenLinks] == 1 && folder.repetitions.isEmpty)
  }

  @Test func splitsAreStratifiedDisjointAndRepeatable() throws {
    for index in 0..<60 { try touch("a/\(index).png") }
    for index in 0..<30 { try touch("b/\(index).png") }
    let folder = try PictureFolder(path: tree.path)
    let split = try folder.split(validation: 0.1, test: 0.2, seed: 7)
    #expect([split.training.count, split.validation.count, split.test.count] == [63, 9, 18])
    #expect(split.test.labels.filter { $0 == 0 }.count == 12 && split.validation.labels.filter { $0 == 0 }.count == 6)
    let all = split.training.paths + split.validation.paths + split.test.paths
    #expect(all.sorted() == folder.pictures.paths.sorted() && Set(all).count == 90)
    #expect(try folder.split(validation: 0.1, test: 0.2, seed: 7) == split)
    #expect(try folder.split(validation: 0.1, test: 0.2, seed: 8).test != split.test)
    // Holding out more to check with does not change what is measured with.
    #expect(try folder.split(validation: 0.3, test: 0.2, seed: 7).test == split.test)
    let whole = try folder.split(validation: 0, test: 0, seed: 7)
    #expect(whole.training.count == 90 && whole.validation.count == 0 && whole.test.count == 0)
    #expect(throws: DataError.self) { try folder.split(validation: 0.5, test: 0.5, seed: 1) }
    #expect(throws: DataError.self) { try folder.split(validation: -0.1, test: 0, seed: 1) }
  }

  @Test func nothingToFind() throws {
    #expect(throws: DataError.missingFolder(path: "/no/such", hint: nil)) { try PictureFolder(path: "/no/such") }
    #expect(throws: DataError.notAFolder(path: "/etc/passwd")) { try PictureFolder(path: "/etc/passwd") }
    let path = tree.path
    #expect(
      throws: DataError.empty(
        what:
          "\(path): no JPEG, PNG, WebP or TIFF file; pictures have to be in a folder for each class, or --labels has to name a table of their classes"
      )
    ) {
      try PictureFolder(path: path)
    }
    try touch("1.png")
    #expect {
      try PictureFolder(path: path)
    } throws: {
      "\($0)".contains("1 picture lies in it, but none in a folder")
    }
  }
}
