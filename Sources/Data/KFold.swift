import GlissadeRandom

/// One of the folds of a division.
public struct Fold: Hashable, Sendable {
  /// From 1.
  public let number: Int
  /// How many there are.
  public let count: Int

  /// - Throws: `DataError.invalidArgument` unless there are at least 2 folds, and this is one of them.
  public init(_ number: Int, of count: Int) throws(DataError) {
    guard count >= 2 else { throw .invalidArgument(name: "the number of folds", value: "\(count)", requirement: "at least 2") }
    guard (1...count).contains(number) else {
      throw .invalidArgument(name: "the fold", value: "\(number)", requirement: "from 1 to \(count)")
    }
    (self.number, self.count) = (number, count)
  }
}

/// Samples divided into folds, each of which is held out once while the others are trained on: what small data is measured with.
///
/// Every class is spread evenly over the folds, and their sizes differ by one at most. A class of one sample is in none of them, because
/// nothing could learn it while that is held out: its sample is always trained on.
public struct KFold: Equatable, Sendable {
  /// Indices, ascending.
  public let folds: [[Int]]
  /// Indices that are in no fold, ascending.
  public let always: [Int]

  /// Divides samples by their labels.
  ///
  /// The samples of class c are brought into the order of a Philox permutation from stream "folds" at block c · 2³², class after class, and
  /// dealt to the folds by turns.
  /// - Parameters:
  ///   - labels: the label of every sample.
  ///   - classCount: number of classes.
  ///   - count: of folds, from 2 to as many as there are samples in classes of more than one.
  ///   - seed: equal seeds give equal divisions.
  ///   - keepsClasses: whether classes of one sample are left out; default so.
  /// - Throws: `DataError.invalidArgument` for another number of folds, `.labelOutOfRange` for a label outside 0 ..< classCount.
  public init(labels: [Int32], classCount: Int, count: Int, seed: UInt64, keepsClasses: Bool = true) throws(DataError) {
    try checkLabels(labels, classes: classCount, source: "labels to divide")
    var members = [[Int]](repeating: [], count: max(0, classCount))
    for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
    let isAlone = members.map { keepsClasses && $0.count == 1 }
    let most = zip(members, isAlone).reduce(0) { $0 + ($1.1 ? 0 : $1.0.count) }
    guard count >= 2, count <= most else {
      throw .invalidArgument(
        name: "the number of folds", value: "\(count)", requirement: "from 2 to \(most), the number of samples that can be held out")
    }
    var folds = [[Int]](repeating: [], count: count)
    var turn = 0
    for label in members.indices where !isAlone[label] {
      var generator = Philox4x32(seed: seed, stream: Philox4x32.stream(named: "folds"), position: UInt64(label) << 34)
      generator.shuffle(&members[label])
      for index in members[label] {
        folds[turn % count].append(index)
        turn += 1
      }
    }
    self.folds = folds.map { $0.sorted() }
    always = zip(members, isAlone).flatMap { $1 ? $0 : [] }.sorted()
  }

  /// What is held out in a fold of so many, and what is trained on meanwhile; both ascending.
  public static func division(
    labels: [Int32], classCount: Int, fold: Fold, seed: UInt64, keepsClasses: Bool = true
  ) throws(DataError) -> (training: [Int], held: [Int]) {
    let all = try KFold(labels: labels, classCount: classCount, count: fold.count, seed: seed, keepsClasses: keepsClasses)
    return (all.training(without: fold.number - 1), all.folds[fold.number - 1])
  }

  /// What is trained on while a fold is held out, ascending.
  /// - Parameter fold: from 0.
  public func training(without fold: Int) -> [Int] {
    (always + folds.indices.filter { $0 != fold }.flatMap { folds[$0] }).sorted()
  }
}
