import GlissadeData
import GlissadePictures
import Testing

/// `--augment`'s text.
@Suite struct AugmentationListTests {
  @Test func names() throws {
    let list = try AugmentationList(
      "flip, vertical-flip,crop,resized-crop ,color-jitter,rotation,erasing,rand-augment,trivial-augment,mixup,cutmix")
    #expect(
      list.pictures == [
        .flip(), .verticalFlip(), .crop(), .resizedCrop(), .colorJitter(), .rotation(), .erasing(), .randAugment(), .trivialAugment,
      ])
    #expect(list.mixing?.mixup == 0.2 && list.mixing?.cutmix == 1)
    for nothing in ["", "none", " "] {
      let list = try AugmentationList(nothing)
      #expect(list.pictures.isEmpty && list.mixing == nil)
    }
  }

  @Test func arguments() throws {
    let list = try AugmentationList(
      "flip(0.3),crop(4),resized-crop(scale: 0.5...1, ratio: 1...1),color-jitter(0.4),rotation(degrees: 10),erasing(0.2, scale: 0.1...0.2),mixup(0.4)"
    )
    #expect(
      list.pictures == [
        .flip(probability: 0.3), .crop(padding: 4), .resizedCrop(scale: 0.5...1, ratio: 1...1),
        .colorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0), .rotation(degrees: 10),
        .erasing(probability: 0.2, scale: 0.1...0.2),
      ])
    #expect(list.mixing?.mixup == 0.4 && list.mixing?.cutmix == nil)
    #expect(try AugmentationList("color-jitter(hue: 0.1)").pictures == [.colorJitter(brightness: 0, contrast: 0, saturation: 0, hue: 0.1)])
  }

  @Test func writtenAndReadAgain() throws {
    let text =
      "flip(0.3),vertical-flip,crop(4),crop,resized-crop,color-jitter(0.4, hue: 0.1),rotation(7),erasing,rand-augment(3, magnitude: 11),trivial-augment"
    let list = try AugmentationList(text).pictures
    #expect(try AugmentationList(list.map(\.description).joined(separator: ",")).pictures == list)
  }

  @Test(arguments: [
    ("flop", "did you mean 'flip'?"), ("colour-jitter", "did you mean 'color-jitter'?"), ("zzz", "there are flip, vertical-flip"),
    ("flip(2)", "flip's probability is 2.0 but must be 0.0 … 1.0"), ("flip(x)", "'x' in flip has to be a number"),
    ("flip(probability: 0.1, probability: 0.2)", "'probability' twice"), ("crop(1.5)", "whole number"),
    ("crop(4", "no closing parenthesis"),
    ("color-jitter(hue: 0.6)", "color-jitter's hue is 0.6"), ("color-jitter(gamma: 1)", "color-jitter has no 'gamma'"),
    ("resized-crop(scale: 1...0.5)", "has to be a range"), ("resized-crop(scale: 0.5)", "has to be a range"),
    ("flip,,crop", "there is no augmentation ''"),
    ("rand-augment(magnitude: 31)", "rand-augment's magnitude is 31 but must be 0 … 30"), ("rand-augment(1.5)", "whole number"),
    ("rand-augment(0)", "rand-augment's operations is 0 but"), ("trivial-augment(3)", "trivial-augment has no '3'"),
    ("rand-augmant", "did you mean 'rand-augment'?"),
    ("mixup(0)", "mixup's alpha is 0.0"), ("rotation(nan)", "has to be a number"), ("mixup(beta: 1)", "mixup has no 'beta'"),
    ("erasing(scale: 0...0.5)", "erasing's scale is 0.0"),
  ]) func mistakesAreNamed(text: String, complaint: String) {
    #expect {
      try AugmentationList(text)
    } throws: {
      let message = "\($0)"
      return message.hasPrefix("augmentations '\(text)': ") && message.contains(complaint)
    }
  }

  @Test func pipelinesAreChecked() {
    func problem(_ pipeline: PicturePipeline) -> String {
      do throws(DataError) {
        try pipeline.validate()
        return ""
      } catch { return "\(error)" }
    }
    #expect(problem(PicturePipeline()) == "" && PicturePipeline().resize == 256)
    #expect(problem(PicturePipeline(size: 0)).contains("size is 0"))
    #expect(problem(PicturePipeline(size: 100, resize: 99)).contains("resize is 99 but must be 100 …"))
    #expect(problem(PicturePipeline(augmentations: [.crop(), .resizedCrop()])).contains("augmentation 2"))
    #expect(problem(PicturePipeline(augmentations: [.rotation(), .crop()])).contains("augmentation 2"))
    #expect(problem(PicturePipeline(augmentations: [.flip(), .crop(), .rotation()])) == "")
    #expect(problem(PicturePipeline(augmentations: [.flip(probability: .nan)])).contains("flip's probability"))
    #expect(problem(PicturePipeline(normalization: .unit(channels: 1))).contains("channels"))
  }
}
