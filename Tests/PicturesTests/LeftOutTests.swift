import GlissadeData
import GlissadeFormats
import GlissadePictures
import TestSupport
import Testing

/// Nothing in a folder of pictures vanishes without being counted.
@Suite struct LeftOutTests {
  private let tree: PictureTree

  init() throws { tree = try PictureTree() }

  private func touch(_ names: String...) throws { for name in names { try tree.put(name, [1]) } }

  private func count(_ list: PictureList) -> [Int] {
    list.classNames.indices.map { label in list.labels.filter { $0 == Int32(label) }.count }
  }

  @Test func aPictureIsTakenByAnySuffixOfItsKind() throws {
    for suffix in ["jpg", "JPEG", "jpe", "jfif", "jif", "png", "apng", "webp", "TIF", "tiff"] { try touch("a/1.\(suffix)") }
    let jpeg = try PictureFixtures.bytes("420.jpg")
    for name in ["b/photo", "b/photo.jpg_large", "b/photo.gif", "b/12.5"] { try tree.put(name, jpeg) }
    for name in ["b/photo.jpg.bak", "b/photo.jpg~", "b/photo.txt"] { try tree.put(name, jpeg) }
    let folder = try PictureFolder(path: tree.path)
    #expect(count(folder.pictures) == [10, 4] && folder.leftOut[.otherFiles] == 3)
  }

  @Test func whatIsLeftOutIsOneLine() throws {
    try touch(
      "a/1.png", "a/x.gif", "a/y.gif", "a/z.heic", "a/read.txt", "b/1.png", "c/notes.md", "loose.jpg", ".hidden/1.gif", "a/.x.gif",
      "a/Thumbs.db")
    try tree.link("b/gone.png", to: "/nonexistent")
    let folder = try PictureFolder(path: tree.path)
    let path = tree.path
    #expect(
      "\(folder.leftOut)"
        == "3 files of other kinds (.gif: \(path)/a/x.gif, .heic: \(path)/a/z.heic), "
        + "2 files that are no pictures (\(path)/c/notes.md, \(path)/a/read.txt), "
        + "1 picture outside of all classes (\(path)/loose.jpg), 1 folder without pictures (\(path)/c), "
        + "1 link that leads nowhere (\(path)/b/gone.png)")
    #expect(folder.notes == ["left out: \(folder.leftOut)"])
    try touch("d/1.png", "e/1.png")
    #expect(try PictureFolder(path: tree.place("d/..")).leftOut[.otherKinds] == 3)
    #expect(try PictureFolder.contents(of: tree.place("d")).leftOut.isEmpty)
  }

  @Test func aClassThatVanishesIsRefused() throws {
    try touch("a/1.png", "b/1.png", "c/1.bmp")
    let message = "the class 'c' has no picture that can be read, but 1 file of another kind (.bmp: \(tree.path)/c/1.bmp)"
    for classes in [nil, ["a", "c"]] {
      #expect { try PictureFolder(path: tree.path, classes: classes) } throws: { "\($0)".contains(message) }
    }
    #expect(try PictureFolder(path: tree.path, classes: ["a", "b"]).leftOut.isEmpty)
    // A model that does not know it loses nothing, but what lies there is counted.
    #expect(try PictureFolder(path: tree.path, knownClasses: ["a", "b"]).leftOut[.otherKinds] == 1)
    #expect { try PictureFolder(path: tree.path, knownClasses: ["a", "b", "c"]) } throws: { "\($0)".contains(message) }
  }

  @Test func classesAreMissedWhereTheyAreNot() throws {
    try touch("train/a/1.png", "train/b/1.png", "test/a/2.png", "test/loose.png")
    let notes = try PictureFolder(path: tree.path).notes
    #expect(notes.last == "\(tree.path)/test: no pictures of 1 of 2 classes (b)", "\(notes)")
  }

  @Test func classesThatAModelDoesNotKnow() throws {
    try touch("red/1.png", "green/1.png", "green/2.png", "blue/1.png", "blue/2.png")
    func folder(_ known: [String], _ classes: [String]? = nil, leaving: Bool = false) throws -> PictureFolder {
      try PictureFolder(path: tree.path, knownClasses: known, classes: classes, leavesUnknownOut: leaving)
    }
    #expect { try folder(["red", "green"]) } throws: {
      "\($0)".hasSuffix("the model does not know the class 'blue', 2 pictures; --classes green,red leaves it out")
    }
    let chosen = try folder(["red", "green"], ["green"])
    #expect(count(chosen.pictures) == [0, 2] && chosen.notes.isEmpty)
    #expect(try folder(["red", "green"], leaving: true).leftOut[.unknownClasses] == 2)
    let more = try folder(["blue", "black", "green", "red"])
    #expect(count(more.pictures) == [2, 0, 2, 1] && more.absentClasses == ["black"] && more.notes.count == 1)
    #expect { try folder(["x", "y"]) } throws: { "\($0)".contains("none of the classes that the model knows (x, y)") }
    #expect(count(try more.pictures.selecting(classes: ["red"])) == [0, 0, 0, 1])
    #expect(throws: DataError.self) { try more.pictures.selecting(classes: ["pink"]) }
  }

  @Test func aModelNeedsNoPartToTrainOn() throws {
    try touch("data/test/red/1.png", "data/test/green/1.png", "data/val/red/2.png", "only/Test/red/1.png")
    let folder = try PictureFolder(path: tree.place("data"), knownClasses: ["green", "red"])
    #expect(folder.pictures.paths == ["green", "red"].map { tree.place("data/test/\($0)/1.png") } && folder.repetitions.isEmpty)
    #expect(try PictureFolder(path: tree.place("only"), knownClasses: ["green", "red"]).absentClasses == ["green"])
  }

  @Test func aClassThatIsALinkToNothingIsRefused() throws {
    try touch("a/1.png", "b/1.png")
    try tree.link("c", to: "/nonexistent")
    #expect { try PictureFolder(path: tree.path) } throws: {
      "\($0)".contains("the class 'c' has no picture that can be read, but 1 link that leads nowhere")
    }
  }

  @Test func filesThatStandInTwoClassesAreCounted() throws {
    try touch("a/1.png", "b/2.png", "b/3.png")
    try tree.link("a/more", to: tree.place("b"))
    let folder = try PictureFolder(path: tree.path)
    #expect(folder.repetitions == ["2 files stand in two classes, as \(tree.path)/a/more/2.png and \(tree.path)/b/2.png"])
    #expect(count(folder.pictures) == [3, 2])
  }

  @Test func filesThatStandInTwoPartsAreCounted() throws {
    try touch("train/a/1.png", "train/b/2.png")
    try touch("test/a/4.png")
    try tree.link("test/a/3.png", to: tree.place("train/a/1.png"))
    let folder = try PictureFolder(path: tree.path)
    #expect(folder.repetitions == ["1 file stands in two parts of the data, as \(tree.path)/train/a/1.png and \(tree.path)/test/a/3.png"])
  }
}
