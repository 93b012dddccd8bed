#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How well a classifier does, class by class, and where it is wrong.
public struct ClassificationReport: Hashable, Sendable {
  /// One class. A share is NaN where it would be a share of nothing.
  public struct Score: Hashable, Sendable {
    /// What the dataset calls it.
    public var name: String
    /// Of the samples taken for this class, the share that are of it.
    public var precision: Double
    /// Of the samples of this class, the share that were found.
    public var recall: Double
    /// The harmonic mean of both: 2·found / (of the class + taken for it).
    public var f1: Double
    /// Samples of this class.
    public var support: Int
  }

  /// A sample that was taken for another class.
  public struct Mistake: Hashable, Sendable {
    /// Its number in the dataset.
    public var sample: Int
    /// The dataset's name for it, such as its file.
    public var name: String?
    /// Its class.
    public var label: Int
    /// The class that the model took it for.
    public var prediction: Int
    /// The probability that the model gave the wrong class.
    public var confidence: Double
    /// The sample as a small JPEG, where it is a picture and somebody drew it.
    public var picture: [UInt8]?
  }

  /// Samples of one class that were taken for another.
  public struct Confusion: Hashable, Sendable {
    /// Their class.
    public var label: Int
    /// The class that they were taken for.
    public var prediction: Int
    /// How many they are.
    public var count: Int
    /// Of the samples of the class.
    public var share: Double
  }

  /// In label order.
  public let classNames: [String]
  /// How often samples of class i were taken for class j: [i][j].
  public private(set) var confusion: [[Int]]
  /// Those that the model was surest of first; equal ones by their number.
  public private(set) var mistakes: [Mistake] = []
  /// How many mistakes are kept.
  public let mistakeLimit: Int
  /// How far the probabilities can be believed.
  public private(set) var calibration = Calibration()
  /// Of two classes, what becomes of them at every threshold; `nil` for more.
  public private(set) var curves: TwoClassCurves?

  /// A report on nothing yet.
  init(classNames: [String], mistakeLimit: Int) {
    self.classNames = classNames
    self.mistakeLimit = mistakeLimit
    curves = classNames.count == 2 ? TwoClassCurves() : nil
    confusion = Array(repeating: Array(repeating: 0, count: classNames.count), count: classNames.count)
  }

  /// Adds some samples.
  /// - Parameters:
  ///   - logits: the model's output, as many numbers for each sample as there are classes.
  ///   - labels: the right classes.
  ///   - first: the first sample's number; the others follow it.
  ///   - name: a sample's name.
  mutating func add(logits: [Float], labels: UnsafeBufferPointer<Int32>, first: Int, name: (Int) -> String?) {
    let count = classNames.count
    guard logits.count == labels.count * count else { return }
    for (index, label) in labels.enumerated() {
      let row = logits[(index * count)..<((index + 1) * count)]
      var best = row.startIndex
      for position in row.indices where row[position] > row[best] { best = position }
      let (label, prediction) = (Int(label), best - row.startIndex)
      guard confusion.indices.contains(label) else { continue }
      confusion[label][prediction] += 1
      // softmax(z)ⱼ = exp(zⱼ − max z) / Σᵢ exp(zᵢ − max z): no exponent is above 0.
      var (sum, squares) = (0.0, 0.0)
      for value in row {
        let part = exp(Double(value) - Double(row[best]))
        sum += part
        squares += part * part
      }
      func probability(_ place: Int) -> Double { exp(Double(row[row.startIndex + place]) - Double(row[best])) / sum }
      let (confidence, meant) = (1 / sum, probability(label))
      // Σ (pᵢ − tᵢ)² = Σ pᵢ² − 2·p of the class + 1.
      calibration.add(confidence: confidence, isRight: prediction == label, square: squares / (sum * sum) - 2 * meant + 1)
      curves?.add(score: probability(count - 1), isPositive: label == 1)
      guard prediction != label else { continue }
      let mistake = Mistake(sample: first + index, name: nil, label: label, prediction: prediction, confidence: confidence, picture: nil)
      let place = mistakes.firstIndex { $0.confidence < confidence } ?? mistakes.count
      guard place < mistakeLimit else { continue }
      mistakes.insert(mistake, at: place)
      if mistakes.count > mistakeLimit { mistakes.removeLast() }
    }
    for index in mistakes.indices where mistakes[index].sample >= first { mistakes[index].name = name(mistakes[index].sample) }
  }

  /// Gives mistakes their pictures.
  /// - Parameter picture: that of a sample, by its number in the dataset, as JPEG.
  package mutating func illustrate(_ picture: (Int) -> [UInt8]?) {
    for index in mistakes.indices { mistakes[index].picture = picture(mistakes[index].sample) }
  }

  /// Which classes are taken for which, the most frequent first; equal ones in label order.
  /// - Parameter limit: at most so many.
  public func confusions(limit: Int) -> [Confusion] {
    var found: [Confusion] = []
    for (label, row) in confusion.enumerated() {
      let support = row.reduce(0, +)
      for (prediction, count) in row.enumerated() where count > 0 && prediction != label {
        found.append(Confusion(label: label, prediction: prediction, count: count, share: Double(count) / Double(support)))
      }
    }
    return Array(
      found.sorted { ($1.count, $0.label, $0.prediction) < ($0.count, $1.label, $1.prediction) }.prefix(limit))
  }

  /// Of a matrix, the classes between which the most frequent confusions are, in label order: those of one confusion after another, until there
  /// are so many.
  /// - Parameters:
  ///   - confusion: how often samples of class i were taken for class j: [i][j].
  ///   - limit: at most so many classes.
  package static func mostConfused(_ confusion: [[Int]], limit: Int) -> [Int] {
    var pairs: [(count: Int, label: Int, prediction: Int)] = []
    for (label, row) in confusion.enumerated() {
      for (prediction, count) in row.enumerated() where count > 0 && prediction != label { pairs.append((count, label, prediction)) }
    }
    pairs.sort { ($1.count, $0.label, $0.prediction) < ($0.count, $1.label, $1.prediction) }
    var chosen = Set<Int>()
    for pair in pairs where chosen.count < limit {
      let more = [pair.label, pair.prediction].filter { !chosen.contains($0) }
      if chosen.count + more.count <= limit { chosen.formUnion(more) }
    }
    return chosen.sorted()
  }

  /// A matrix of more classes than this is too large to be looked at as a whole.
  package static let shownClasses = 40

  /// Samples in all.
  public var count: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }
  /// Samples that were taken for what they are.
  public var correct: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }
  /// The share of right answers.
  public var accuracy: Double { count == 0 ? .nan : Double(correct) / Double(count) }

  /// Precision, recall and F1 of each class, in label order.
  public var scores: [Score] {
    confusion.indices.map { index in
      let found = confusion[index][index]
      let support = confusion[index].reduce(0, +)
      let taken = confusion.reduce(0) { $0 + $1[index] }
      func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? .nan : Double(part) / Double(whole) }
      return Score(
        name: classNames[index], precision: share(found, of: taken), recall: share(found, of: support),
        f1: share(2 * found, of: support + taken), support: support)
    }
  }

  /// The mean of the classes' F1, over classes that have samples or were answered.
  public var macroF1: Double {
    let values = scores.map(\.f1).filter { !$0.isNaN }
    return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }
}
