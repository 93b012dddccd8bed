import Foundation
import Testing

/// Data that cannot be used: status 1 and one line that names the file.
struct DataFaultTests {
  private func train(_ data: PictureFolder) throws -> Outcome {
    let folder = try TemporaryFolder()
    let outcome = try glissade("train", "--data", data.path, "--out", folder.path("run"))
    #expect(folder.names().isEmpty)
    return outcome
  }

  @Test func missingFolder() throws {
    expectComplaint(
      try glissade("train", "--data", "/no/such/folder"), status: 1, "/no/such/folder: no such folder", "--data takes fashion-mnist")
  }

  @Test func missingPackageSaysHowToGetIt() throws {
    let outcome = try glissade("train", environment: ["GLISSADE_DATASETS": "/no/datasets"])
    expectComplaint(outcome, status: 1, "/no/datasets/fashion-mnist: no such folder", "apt install dataset-fashion-mnist", "name a folder")
  }

  @Test func aFileInsteadOfAFolder() throws {
    expectComplaint(try glissade("train", "--data", "/etc/passwd"), status: 1, "/etc/passwd: not a folder")
  }

  @Test func missingFile() throws {
    let data = try PictureFolder()
    try data.remove("train-images-idx3-ubyte")
    expectComplaint(try train(data), status: 1, "train-images-idx3-ubyte")
  }

  @Test func unreadableFile() throws {
    let data = try PictureFolder()
    try data.remove("train-images-idx3-ubyte")
    try FileManager.default.createDirectory(atPath: data.path + "/train-images-idx3-ubyte", withIntermediateDirectories: false)
    expectComplaint(try train(data), status: 1, "train-images-idx3-ubyte: cannot be read")
  }

  @Test func truncatedGzip() throws {
    let data = try PictureFolder()
    try data.put("train-labels-idx1-ubyte.gz", Array(try data.get("train-labels-idx1-ubyte.gz").dropLast(100)))
    expectComplaint(try train(data), status: 1, "train-labels-idx1-ubyte.gz: truncated")
  }

  @Test func wrongMagic() throws {
    let data = try PictureFolder()
    try data.put("train-images-idx3-ubyte", PictureFolder.idx([300, 12, 12], [UInt8](repeating: 0, count: 300 * 144), magic: 0xD03))
    expectComplaint(try train(data), status: 1, "train-images-idx3-ubyte", "0x00000d03 instead of 0x00000803")
  }

  @Test(arguments: [[300, 0, 12], [300, 13, 12]]) func wrongDimension(_ dimensions: [Int]) throws {
    let data = try PictureFolder()
    try data.put("train-images-idx3-ubyte", PictureFolder.idx(dimensions, [UInt8](repeating: 0, count: 300 * 144)))
    expectComplaint(try train(data), status: 1, "train-images-idx3-ubyte", dimensions[1] == 0 ? "impossible dimensions" : "truncated")
  }

  @Test func otherPicturesInTheTestPart() throws {
    let data = try PictureFolder()
    try data.put("t10k-images-idx3-ubyte", PictureFolder.idx([50, 6, 6], [UInt8](repeating: 0, count: 50 * 36)))
    expectComplaint(try train(data), status: 1, "t10k-images-idx3-ubyte", "[6, 6, 1], expected [12, 12, 1]")
  }

  @Test func labelOutOfRange() throws {
    let data = try PictureFolder()
    try data.put("t10k-labels-idx1-ubyte.gz", PictureFolder.gzip(PictureFolder.idx([50], [UInt8](repeating: 0, count: 49) + [10])))
    expectComplaint(try train(data), status: 1, "t10k-labels-idx1-ubyte.gz: label 10 of sample 49 is not in 0 ..< 10")
  }

  @Test func fewerLabelsThanPictures() throws {
    let data = try PictureFolder()
    try data.put("train-labels-idx1-ubyte.gz", PictureFolder.gzip(PictureFolder.idx([299], [UInt8](repeating: 1, count: 299))))
    expectComplaint(try train(data), status: 1, "300 images", "299 labels")
  }

  @Test func aModelThatDoesNotFitThePictures() throws {
    let data = try PictureFolder(side: 2)
    let folder = try TemporaryFolder()
    let outcome = try glissade("train", "--data", data.path, "--model", "lenet", "--batch-size", "32", "--out", folder.path("run"))
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errorLines.count == 1, "\(outcome)")
  }
}
