import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which labels a picture has, of which it may have any number.
struct LabelsOfPicture {
  /// Each with its probability, the likeliest first.
  private let all: [(name: String, probability: Double)]
  private let threshold: Double

  /// - Parameters:
  ///   - logits: of each label.
  ///   - names: the labels.
  ///   - threshold: the least probability of a label that is there.
  init(_ logits: ArraySlice<Float>, _ names: [String], _ threshold: Double) {
    let probabilities = logits.map { 1 / (1 + exp(-Double($0))) }
    all = zip(names, probabilities).enumerated().sorted { (-$0.element.1, $0.offset) < (-$1.element.1, $1.offset) }.map(\.element)
    self.threshold = threshold
  }

  private var found: [(name: String, probability: Double)] { all.filter { $0.probability >= threshold } }

  /// For people.
  var text: String {
    func told(_ labels: [(name: String, probability: Double)]) -> String {
      labels.map { "\(printable($0.name)) \(Text.percent($0.probability, 1))" }.joined(separator: "  ")
    }
    return found.isEmpty ? "none of the labels (the likeliest is \(told(Array(all.prefix(1)))))" : told(found)
  }

  /// The same under stable keys, with the probabilities of all labels.
  var json: [JSONMember] {
    [
      JSONMember("labels", .array(found.map { .string($0.name) })),
      JSONMember("probabilities", .object(all.map { JSONMember($0.name, .number($0.probability)) })),
    ]
  }
}
