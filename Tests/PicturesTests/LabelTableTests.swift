import GlissadeData
import GlissadePictures
import Testing

/// Classes that stand in a table of file names.
@Suite struct LabelTableTests {
  private let tree: PictureTree
  private var table: String { tree.place("labels.csv") }

  init() throws {
    tree = try PictureTree()
    for name in ["r1.jpg", "r2.jpg", "g1.png", "deep/g2.jpeg", "é.png"] { try tree.put("pictures/\(name)", [1]) }
  }

  private func folder(
    _ text: String, file: String? = nil, label: String? = nil, missing: Double = 0, classes: [String]? = nil
  ) throws -> PictureFolder {
    try tree.put("labels.csv", Array(text.utf8))
    let labels = LabelTable(path: table, fileColumn: file, labelColumn: label, missingShare: missing)
    return try PictureFolder(path: tree.place("pictures"), labels: labels, classes: classes)
  }

  private func content(_ folder: PictureFolder) -> [String] {
    zip(folder.pictures.paths, folder.pictures.labels).map {
      "\($0.dropFirst(tree.place("pictures/").count)): \(folder.classNames[Int($1)])"
    }
  }

  @Test(arguments: [
    // Without suffixes, as in many competitions; from the table's folder; the end of a longer path; another system's; nothing but names.
    "id,breed\nr1,red\nr2,red\ng1,green\ng2,green\n",
    "path,label\npictures/r1.jpg,red\npictures/r2.jpg,red\npictures/g1.png,green\n./pictures/deep/g2.jpeg,green\n",
    "n,image,class\n1,old/pictures/r1.jpg,red\n2,old/r2.jpg,red\n3,old/g1.png,green\n4,old/deep/g2.jpeg,green\n",
    "class,file\nred,r1.jpg\nred,.\\r2.jpg\ngreen,g1.png\ngreen,deep\\g2.jpeg\n", "r1.jpg,red\nr2.jpg,red\ng1.png,green\ng2.jpeg,green\n",
    "r1, red\nr2,red \ng1,green\ng2,green\n",
  ])
  func picturesAreFoundByTheirNames(text: String) throws {
    let found = try folder(text)
    #expect(content(found) == ["deep/g2.jpeg: green", "g1.png: green", "r1.jpg: red", "r2.jpg: red"])
    #expect("\(found.leftOut)".hasPrefix("1 picture without a label (") && found.leftOut.counts.count == 1)
  }

  @Test func whatDoesNotFitIsCounted() throws {
    let text = "id,label\nr1,red\nr2,\ng1,green\ng1,green\ng2,green\nx1,red\n"
    let found = try folder(text, missing: 0.2)
    #expect(content(found).count == 3)
    let counts = [.withoutLabel, .missingPictures, .rowsWithoutLabel, .repeatedRows].map { (kind: LeftOut.Kind) in found.leftOut[kind] }
    #expect(counts == [2, 1, 1, 1])
    #expect("\(found.leftOut)".contains("1 label without a picture (\(table) line 7: x1)"))
    #expect { try folder(text) } throws: {
      "\($0)".contains("1 of 6 rows name pictures that are not in") && "\($0)".contains("(line 7: 'x1')")
    }
  }

  @Test func whatContradictsItselfIsRefused() throws {
    #expect { try folder("id,label\nr1,red\nr1,green\n") } throws: {
      "\($0)".hasSuffix(
        "'r1' is 'red' in line 2 and 'green' in line 3; a picture has one class, unless --multi-label gives it any number of labels")
    }
    try tree.put("pictures/other/r1.jpg", [1])
    try tree.put("pictures/third/r1.jpg", [1])
    #expect(content(try folder("id,label\nr1.jpg,red\ng1,green\n")) == ["g1.png: green", "r1.jpg: red"])
    try tree.put("pictures/third/r3.jpg", [1])
    try tree.put("pictures/other/r3.jpg", [1])
    #expect { try folder("id,label\nr3,red\ng1,green\n") } throws: { "\($0)".contains("'r3' may be ") }
  }

  /// A picture that is there, but not in the folder, is not another one of the same name.
  @Test func picturesOfAnotherFolderAreMissing() throws {
    try tree.put("test/r1.jpg", [1])
    let text = "file,label\ntest/r1.jpg,green\npictures/r2.jpg,red\npictures/g1.png,green\n"
    #expect(content(try folder(text, missing: 0.5)) == ["g1.png: green", "r2.jpg: red"])
  }

  @Test func columnsAreNamed() throws {
    let text = "id,a,b\nr1,red,1\ng1,green,1\nr2,red,0\n"
    #expect { try folder(text) } throws: { "\($0)".hasSuffix("(--label-column); its columns are id, a, b") }
    #expect(content(try folder(text, label: "a")) == ["g1.png: green", "r1.jpg: red", "r2.jpg: red"])
    #expect { try folder(text, label: "c") } throws: { "\($0)".hasSuffix("no column 'c'; its columns are id, a, b") }
    #expect { try folder("id,label\nx,1\n") } throws: { "\($0)".contains("no column names pictures in") }
    #expect { try folder("id,label\nr1,red\nr2,red\n") } throws: { "\($0)".contains("it holds one class, 'red'") }
    #expect(throws: DataError.self) { try folder("") }
  }

  @Test func classesOfATableAreChosenAndKnown() throws {
    let text = "id,label\nr1,red\nr2,red\ng1,green\né,grün\n"
    #expect(try folder(text, classes: ["red", "green"]).pictures.labels == [0, 0, 1])
    let known = try PictureFolder(
      path: tree.place("pictures"), knownClasses: ["grün", "red"], labels: LabelTable(path: table), classes: ["red"])
    #expect(known.pictures.labels == [1, 1])
    #expect { try PictureFolder(path: tree.place("pictures"), knownClasses: ["grün", "red"], labels: LabelTable(path: table)) } throws: {
      "\($0)".contains("the model does not know the class 'green', 1 picture")
    }
  }
}
