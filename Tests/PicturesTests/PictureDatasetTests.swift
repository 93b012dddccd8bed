import GlissadeData
import GlissadePictures
import TestSupport
import Testing

/// Pictures as samples.
@Suite struct PictureDatasetTests {
  private let tree: PictureTree

  init() throws { tree = try PictureTree() }

  private static let everything = "flip,resized-crop,color-jitter,rotation,erasing"

  private func pipeline(_ augmentations: String = everything, size: Int = 8) throws -> PicturePipeline {
    PicturePipeline(size: size, augmentations: try AugmentationList(augmentations).pictures)
  }

  /// Resized, cut, and normalised as torchvision does it.
  @Test func evaluationEqualsTorchvision() throws {
    let file = try PictureFixtures.file()
    let cases = file.tensors.filter { $0.name.hasPrefix("evaluated/") }
    #expect(cases.count == 3)
    for tensor in cases {
      let parts = tensor.name.split(separator: "/").map(String.init)
      let (resize, size) = (try #require(Int(parts[2])), try #require(Int(parts[3])))
      let list = try PictureList(paths: [PictureFixtures.path(parts[1])], labels: [0], classNames: ["a"])
      let data = try PictureDataset(list, pipeline: PicturePipeline(size: size, resize: resize))
      let worst = zip(try data.gather([0]).features, try file.floats(of: tensor.name)).map { abs($0 - $1) }.max() ?? .infinity
      #expect(data.sampleShape == tensor.shape && worst < 1e-6, "\(tensor.name): \(worst)")
    }
  }

  /// Of test-time augmentation: a view is the picture's own, in whatever list it stands and whatever has been kept of it.
  @Test func viewsAreDrawnFromThePictureItself() throws {
    let list = try tree.list(7)
    func dataset(_ list: PictureList, _ loading: PictureLoading = PictureLoading()) throws -> PictureDataset {
      try PictureDataset(list, pipeline: pipeline(), isTraining: true, seed: 4, loading: loading)
    }
    let data = try dataset(list)
    let (first, size) = (try data.view(1).gather(Array(0..<7)).features, data.sampleSize)
    #expect(try data.view(1).gather(Array(0..<7), epoch: 3).features == first)
    #expect(try data.view(2).gather(Array(0..<7)).features != first)
    let alone = try dataset(list.selecting([5, 2]), PictureLoading(memory: 0)).view(1)
    #expect(try alone.gather([1, 0]).features == Array(first[2 * size..<3 * size] + first[5 * size..<6 * size]))
    #expect(alone.labels == [list.labels[5], list.labels[2]])
  }

  @Test func theSameForAnyNumberOfThreads() throws {
    let list = try tree.list(23)
    let datasets = try [1, 2, 5].map { threads in
      try PictureDataset(list, pipeline: pipeline(), isTraining: true, seed: 9, loading: PictureLoading(threads: threads))
    }
    let indices = (0..<23).map { $0 * 7 % 23 }
    for epoch in [0, 1, 40] {
      let first = try datasets[0].gather(indices, epoch: epoch)
      #expect(first.labels == indices.map { Int32($0 % 2) })
      for data in datasets { #expect(try data.gather(indices, epoch: epoch).features == first.features) }
      // And in any company.
      for (place, index) in indices.enumerated() {
        let size = datasets[1].sampleSize
        #expect(try datasets[1].gather([index], epoch: epoch).features[...] == first.features[(place * size)..<(place + 1) * size])
      }
    }
  }

  @Test func drawsDependOnSeedEpochAndSampleAlone() throws {
    let path = try tree.picture("one.png", 1)
    let list = try PictureList(paths: Array(repeating: path, count: 3), labels: [0, 0, 0], classNames: ["a"])
    let data = try PictureDataset(list, pipeline: pipeline(), isTraining: true, seed: 1)
    let other = try PictureDataset(list, pipeline: pipeline(), isTraining: true, seed: 2)
    let (first, second) = (try data.gather([0]).features, try data.gather([1]).features)
    #expect(first != second)
    #expect(try data.gather([0], epoch: 1).features != first)
    #expect(try other.gather([0]).features != first)
    #expect(try data.gather([0], epoch: 0).features == first)
    let evaluating = try PictureDataset(list, pipeline: pipeline(), seed: 1)
    #expect(try evaluating.gather([0], epoch: 5).features == evaluating.gather([1]).features)
    // What comes later in the list of augmentations draws the same numbers whatever comes before.
    let (alone, behind) = (try pipeline("flip,erasing(1)"), try pipeline("flip(0),erasing(1)"))
    func holes(_ pipeline: PicturePipeline) throws -> [Bool] {
      try PictureDataset(list, pipeline: pipeline, isTraining: true).gather([2]).features.map { $0 == 0 }
    }
    #expect(try holes(alone).filter(\.self).count == holes(behind).filter(\.self).count)
  }

  @Test(arguments: ["flip", "flip,crop,color-jitter", everything])
  func memoryDecidesAboutSpeedAlone(augmentations: String) throws {
    let list = try tree.list(12, width: 30, height: 41)
    let pipeline = try pipeline(augmentations)
    func data(_ memory: Int?) throws -> PictureDataset {
      try PictureDataset(list, pipeline: pipeline, isTraining: true, seed: 4, loading: PictureLoading(memory: memory))
    }
    let all = try data(nil)
    let (some, none) = (try data(all.keptBytes / 2), try data(0))
    #expect(all.keptBytes > 0 && some.keptBytes > 0 && some.keptBytes <= all.keptBytes / 2 && none.keptBytes == 0)
    let expected = try all.gather(Array(0..<12), epoch: 3)
    for data in [some, none, all] { #expect(try data.gather(Array(0..<12), epoch: 3).features == expected.features) }
  }

  @Test func entersAnEpochAnywhere() throws {
    let data = try PictureDataset(try tree.list(17), pipeline: pipeline(), isTraining: true)
    let order = try BatchOrder(count: 17, batchSize: 4, seed: 3)
    var batches: [[Float]] = []
    let loader = try BatchLoader(data, order: order, endEpoch: 3)
    while let batch = try loader.next() { batches.append(Array(batch.features)) }
    #expect(batches.count == 15 && Set(batches).count == 15)
    let resumed = try BatchLoader(data, order: order, startEpoch: 1, startBatch: 2, endEpoch: 3)
    var rest: [[Float]] = []
    while let batch = try resumed.next() { rest.append(Array(batch.features)) }
    #expect(rest == Array(batches[7...]))
    // A part of the data is augmented as it is in the whole.
    let subset = try data.subset([3, 5])
    #expect(try subset.gather([1], epoch: 2).features == data.gather([5], epoch: 2).features)
    #expect(try data.selecting([3, 5]).gather([1], epoch: 2).features == data.gather([5], epoch: 2).features)
  }

  @Test func unreadablePicturesAreListedAndLeftOut() throws {
    var list = try tree.list(10)
    let bad = try tree.put("bad.png", Array("no picture".utf8))
    list = try PictureList(paths: list.paths + [bad, tree.place("gone.png")], labels: list.labels + [0, 1], classNames: list.classNames)
    let pipeline = try pipeline()
    for memory in [nil, 0] {
      let data = try PictureDataset(list, pipeline: pipeline, loading: PictureLoading(memory: memory, unreadableShare: 0.2))
      #expect(data.count == 10 && data.unreadable.map(\.path) == [bad, tree.place("gone.png")])
      #expect(data.labels == (0..<10).map { Int32($0 % 2) } && data.name(ofSample: 3) == list.paths[3] && data.name(ofSample: 10) == nil)
      #expect {
        try PictureDataset(list, pipeline: pipeline, loading: PictureLoading(memory: memory, unreadableShare: 0.1))
      } throws: {
        let text = "\($0)"
        return text.hasPrefix(
          "2 of 12 cannot be used, and a share of 0.1 may be left out (--unreadable): \(bad): neither a JPEG nor a PNG, WebP or TIFF but text; "
        )
      }
    }
    let nothing = try PictureList(paths: [bad], labels: [0], classNames: ["a"])
    #expect(throws: DataError.self) { try PictureDataset(nothing, pipeline: pipeline, loading: PictureLoading(unreadableShare: 0.99)) }
    #expect(try PictureDataset(nothing, pipeline: pipeline, loading: PictureLoading(unreadableShare: 1)).count == 0)
    #expect(throws: DataError.self) { try PictureDataset(list, pipeline: pipeline, loading: PictureLoading(unreadableShare: -1)) }
  }

  @Test func aPictureThatGoesBadLaterIsNamed() throws {
    let list = try tree.list(6)
    let data = try PictureDataset(list, pipeline: pipeline(), loading: PictureLoading(memory: 0))
    try tree.put("4.png", [1])
    try tree.put("2.png", [1])
    // The first of the batch, whichever thread is first.
    for _ in 0..<5 {
      #expect(
        throws: DataError.unreadable(path: tree.place("4.png"), message: "neither a JPEG nor a PNG, WebP or TIFF but something unknown")
      ) {
        try data.gather([0, 4, 2])
      }
    }
    #expect(throws: DataError.indexOutOfRange(index: 6, count: 6)) { try data.gather([6]) }
    #expect(throws: DataError.indexOutOfRange(index: 6, count: 6)) { try data.selecting([6]) }
  }

  @Test func extremeShapes() throws {
    for (width, height) in [(1, 1), (1, 700), (900, 2), (3, 3)] {
      let path = try tree.picture("\(width).png", 1, width: width, height: height)
      let list = try PictureList(paths: [path], labels: [0], classNames: ["a"])
      for augmentations in ["", "crop", Self.everything] {
        let data = try PictureDataset(list, pipeline: pipeline(augmentations), isTraining: true)
        #expect(try data.gather([0]).features.allSatisfy { $0.isFinite })
        #expect(data.keptBytes < 1 << 16)
      }
    }
  }

  @Test func lists() throws {
    #expect(throws: DataError.self) { try PictureList(paths: ["a"], labels: [], classNames: ["x"]) }
    #expect(throws: DataError.self) { try PictureList(paths: ["a"], labels: [1], classNames: ["x"]) }
  }
}
