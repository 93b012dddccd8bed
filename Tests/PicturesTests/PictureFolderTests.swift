import GlissadeData
import GlissadePictures
import Testing

/// Folders as classes.
@Suite struct PictureFolderTests {
  private let tree: PictureTree

  init() throws { tree = try PictureTree() }

  private func touch(_ names: String...) throws { for name in names { try tree.put(name, [1]) } }

  private func relative(_ list: PictureList) -> [String] { list.paths.map { String($0.dropFirst(tree.path.count + 1)) } }

  @Test func classesAreTopLevelNames() throws {
    try touch(
      "b/2.png", "b/10.PNG", "b/deep/er/1.JPeG", "a/x.jpg", "a/notes.txt", "a/x.webp", "a/.hidden.png", ".git/c.png", "loose.png",
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
    #expect(try PictureFolder(path: tree.path, classes: ["b"]).test?.count == 0)
  }

  @Test func aClassMayBeCalledTrain() throws {
    try touch("train/1.png", "bus/1.png")
    #expect(try PictureFolder(path: tree.path).classNames == ["bus", "train"])
  }

  @Test func linksThatGoRoundEnd() throws {
    try touch("a/1.png", "b/2.png")
    try tree.link("a/again", to: tree.place("a"))
    try tree.link("a/up", to: tree.path)
    try tree.link("a/gone.png", to: tree.place("nothing"))
    let names = relative(try PictureFolder(path: tree.path).pictures)
    #expect(names.filter { $0.hasSuffix("1.png") && $0.hasPrefix("a/1") } == ["a/1.png"])
    #expect(names.count < 10 && !names.contains { $0.hasSuffix("gone.png") })
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
    #expect(throws: DataError.empty(what: "\(path): no jpg, jpeg or png file; pictures have to be in a folder for each class")) {
      try PictureFolder(path: path)
    }
    try touch("1.png")
    #expect {
      try PictureFolder(path: path)
    } throws: {
      "\($0)".contains("1 pictures lie in it, but none in a folder")
    }
  }
}
