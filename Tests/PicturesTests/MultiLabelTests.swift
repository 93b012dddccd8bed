import GlissadeData
import GlissadePictures
import Testing

/// Pictures of which each has any number of labels, as a table says.
@Suite struct MultiLabelTests {
  private let tree: PictureTree
  private var table: String { tree.place("labels.csv") }

  init() throws {
    tree = try PictureTree()
    for name in ["r1.jpg", "r2.jpg", "g1.png", "deep/g2.jpeg", "loose.png"] { try tree.put("pictures/\(name)", [1]) }
  }

  private func folder(
    _ text: String, label: String? = nil, separator: Character? = nil, missing: Double = 0, classes: [String]? = nil
  ) throws -> PictureFolder {
    try tree.put("labels.csv", Array(text.utf8))
    let labels = LabelTable(
      path: table, labelColumn: label, missingShare: missing, takesSeveral: true, separator: separator?.asciiValue)
    return try PictureFolder(path: tree.place("pictures"), labels: labels, classes: classes)
  }

  /// Each picture with its labels.
  private func content(_ folder: PictureFolder) throws -> [String] {
    let marks = try #require(folder.pictures.marks)
    let width = folder.classNames.count
    #expect(marks.count == folder.pictures.count * width && folder.pictures.labels.allSatisfy { $0 == 0 })
    return folder.pictures.paths.enumerated().map { number, path in
      let own = folder.classNames.indices.filter { marks[number * width + $0] == 1 }.map { folder.classNames[$0] }
      return "\(path.dropFirst(tree.place("pictures/").count)): \(own.joined(separator: "+"))"
    }
  }

  private let expected = ["deep/g2.jpeg: dog", "g1.png: ", "r1.jpg: cat+dog", "r2.jpg: cat"]

  @Test(arguments: [
    // Lists, by each separator; a list in quotes; one that ends with its separator; several rows of a picture; columns of 1 and 0.
    "file,labels\nr1,cat;dog\nr2,cat\ng1,\ng2,dog\n", "file,labels\nr1,dog | cat\nr2,cat\ng1,\ng2,dog\n",
    "file,tags,labels\nr1,x,\"cat,dog\"\nr2,x,cat\ng1,x,\ng2,x,dog\n", "file,labels\nr1,cat;dog;\nr2,cat;\ng1,;\ng2,;dog\n",
    "file,label\nr1,cat\nr1,dog\nr2,cat\ng2,dog\ng2,dog\ng1,\n", "file,cat,dog\nr1,1,1\nr2,1,0\ng1,0,0\ng2,0,1.0\n",
  ])
  func everyFormSaysTheSame(text: String) throws {
    let found = try folder(text)
    #expect(try content(found) == expected && found.classNames == ["cat", "dog"], "\(text)")
    #expect("\(found.leftOut)".hasPrefix("1 picture without a label ("))
  }

  @Test func columnsAndSeparatorsAreNamed() throws {
    let text = "file,note,cat,dog,bird\nr1,a b,1,1,0\nr2,c,1,0,0\ng1,d,0,0,0\ng2,e,0,1,0\n"
    let found = try folder(text, label: "dog,cat")
    #expect(found.classNames == ["dog", "cat"])
    #expect(try content(found)[2] == "r1.jpg: dog+cat")
    #expect { try folder(text, label: "dog,note") } throws: {
      "\($0)".contains("line 2: column 'note': 'a b' is neither 1 nor 0")
    }
    #expect { try folder(text, label: "dog,bear") } throws: { "\($0)".contains("no column 'bear'; its columns are file, note") }
    #expect { try folder(text, label: "dog,dog") } throws: { "\($0)".contains("'dog' is named twice") }
    // One column of marks is no list of names.
    #expect { try folder("file,cat,note\nr1,1,x\nr2,0,y\n", label: "cat") } throws: {
      "\($0)".contains("column 'cat' has nothing but 1 and 0")
    }
    // Columns that nobody names have to be told apart.
    #expect { try folder("file,cat,cat,dog\nr1,1,0,1\nr2,1,0,0\n") } throws: { "\($0)".contains("two columns of labels are called 'cat'") }
    #expect { try folder("file,cat,,dog\nr1,1,0,1\nr2,1,0,0\n") } throws: { "\($0)".contains("a column of labels has no name") }
    let blanks = try folder("file,labels\nr1,cat dog\nr2,cat\n", separator: " ")
    #expect(blanks.classNames == ["cat", "dog"])
    #expect(try folder("file,labels\nr1,cat dog\nr2,cat\n").classNames == ["cat", "cat dog"])
    // A label that nothing has is told.
    #expect(try folder(text, label: "cat,bird").notes.contains { $0.contains("no pictures of 1 of 2 classes (bird)") })
  }

  @Test func whatDoesNotFitIsRefused() throws {
    #expect { try folder("file,cat,dog\nr1,1,0\nr1,1,1\n") } throws: {
      "\($0)".contains("'r1' has other labels in line 3 than in line 2")
    }
    #expect { try folder("file,labels\nr1,cat\nx9,dog\n") } throws: { "\($0)".contains("(line 3: 'x9')") }
    #expect { try folder("file,labels\nr1,\nr2,\n") } throws: { "\($0)".contains("no picture has a label") }
    #expect { try folder("file,labels\nr1,cat\n", classes: ["cat", "cow"]) } throws: { "\($0)".contains("no label 'cow'; there are cat") }
    // A list of columns is for those who say so.
    try tree.put("labels.csv", Array("file,cat,dog\nr1,1,0\nr2,0,1\n".utf8))
    #expect { try PictureFolder(path: tree.place("pictures"), labels: LabelTable(path: table, labelColumn: "cat,dog")) } throws: {
      "\($0)".contains("with --multi-label it names several labels")
    }
  }

  @Test func aModelKnowsItsLabels() throws {
    try tree.put("labels.csv", Array("file,labels\nr1,cat;dog\nr2,bird\n".utf8))
    let labels = LabelTable(path: table, takesSeveral: true)
    let known = try PictureFolder(path: tree.place("pictures"), knownClasses: ["dog", "bird", "cat"], labels: labels)
    #expect(known.pictures.marks == [1, 0, 1, 0, 1, 0] && known.classNames == ["dog", "bird", "cat"])
    #expect { try PictureFolder(path: tree.place("pictures"), knownClasses: ["dog", "cat"], labels: labels) } throws: {
      "\($0)".contains("the label 'bird' is none of the model's: dog, cat")
    }
  }

  @Test func listsKeepTheirMarks() throws {
    let list = try PictureList(paths: ["a", "b", "c"], marks: [1, 0, 0, 0, 1, 1], labelNames: ["x", "y"])
    #expect(try list.selecting([2, 0]).marks == [1, 1, 1, 0])
    let (rest, held) = try list.split(holdingOut: 0.4, seed: 1)
    #expect((rest.marks?.count ?? 0) + (held.marks?.count ?? 0) == 6)
    #expect(throws: DataError.self) { try PictureList(paths: ["a"], marks: [1, 0.5], labelNames: ["x", "y"]) }
    #expect(throws: DataError.self) { try PictureList(paths: ["a"], marks: [1], labelNames: ["x", "y"]) }
  }
}
