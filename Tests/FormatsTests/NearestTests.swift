import GlissadeFormats
import Testing

struct NearestTests {
  @Test(arguments: [
    ("bacth", ["batch", "layer", "none"], "batch"), ("OPENCL", ["cpu", "opencl"], "opencl"),
    ("cross", ["bce", "cross_entropy"], "cross_entropy"),
    ("val_loss", ["train_loss", "validation_loss", "validation_accuracy"], "validation_loss"),
    ("val-acc", ["train_loss", "validation_loss", "validation_accuracy"], "validation_accuracy"),
    ("tran_loss", ["train_loss", "validation_loss"], "train_loss"), ("zebra", ["cpu", "opencl"], nil), ("", ["cpu"], nil),
  ])
  func whatIsMeant(_ text: String, _ names: [String], _ meant: String?) { #expect(Nearest.to(text, among: names) == meant) }

  @Test(arguments: [("", "abc", 3), ("abc", "acb", 1), ("kitten", "sitting", 3), ("same", "same", 0)])
  func distances(_ a: String, _ b: String, _ edits: Int) { #expect(Nearest.distance(a, b) == edits) }
}
