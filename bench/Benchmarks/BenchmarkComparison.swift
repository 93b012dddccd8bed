import Glissade

/// A file of earlier results.
public struct BenchmarkBaseline: Sendable {
  struct Key: Hashable, Sendable {
    var suite: String
    var name: String
  }

  /// What was measured, as in `cpu, Intel … (native x86-64-v4, 2 threads)`.
  public let device: String
  let medians: [Key: Double]
  let order: [Key]

  /// A file that holds no results of ours.
  public struct Unreadable: Error, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// - Parameter path: a file that `BenchmarkReport` was written to.
  /// - Throws: `Unreadable`, with the file and what is wrong with it.
  public init(contentsOf path: String) throws(Unreadable) {
    let json: JSONValue
    do throws(FormatError) { json = try JSONValue.read(path: path) } catch { throw Unreadable(description: "\(error)") }
    guard let schema = json["schema"] else {
      throw Unreadable(description: "\(path): no results of 'glissade bench --json', it has no schema")
    }
    guard schema.integerValue == BenchmarkReport.schema else {
      throw Unreadable(
        description: "\(path): results of schema \(schema.text()), and this version compares schema \(BenchmarkReport.schema)")
    }
    guard let results = json["results"]?.arrayValue else {
      throw Unreadable(description: "\(path): no results of 'glissade bench --json', it has no results")
    }
    var medians: [Key: Double] = [:]
    var order: [Key] = []
    for (index, result) in results.enumerated() {
      guard let suite = result["suite"]?.stringValue, let name = result["name"]?.stringValue,
        let median = result["median_seconds"]?.doubleValue, median > 0, median.isFinite
      else { throw Unreadable(description: "\(path): result \(index) lacks its suite, its name or a median_seconds above 0") }
      let key = Key(suite: suite, name: name)
      if medians.updateValue(median, forKey: key) == nil { order.append(key) }
    }
    self.medians = medians
    self.order = order
    let (what, platform) = (json["device"]?["name"]?.stringValue ?? "unknown", json["device"]?["platform"]?.stringValue ?? "unknown")
    device = "\(what) (\(platform))"
  }
}

/// Results beside earlier ones.
public struct BenchmarkComparison: Sendable {
  /// One result, then and now.
  public struct Row: Sendable {
    public let suite: String
    public let name: String
    /// Medians in seconds.
    public let before: Double
    public let now: Double
    /// Now / then: above 1 is slower.
    public var ratio: Double { now / before }
  }

  /// In the order of the new results.
  public let rows: [Row]
  /// New results that the file lacks, as `suite: name`.
  public let added: [String]
  /// Results of the file that should have been measured and were not.
  public let missing: [String]

  /// - Parameters:
  ///   - results: the new ones.
  ///   - baseline: the earlier ones.
  ///   - suites: which suites ran.
  ///   - options: what they ran with: what the filter leaves out is not missing.
  public init(
    _ results: [BenchmarkResult], with baseline: BenchmarkBaseline, suites: [BenchmarkResult.Suite], options: BenchmarkOptions
  ) {
    var rows: [Row] = []
    var added: [String] = []
    var seen = Set<BenchmarkBaseline.Key>()
    for result in results {
      let key = BenchmarkBaseline.Key(suite: result.suite.rawValue, name: result.name)
      seen.insert(key)
      if let before = baseline.medians[key] {
        rows.append(Row(suite: key.suite, name: key.name, before: before, now: result.samples.median))
      } else {
        added.append("\(key.suite): \(key.name)")
      }
    }
    self.rows = rows
    self.added = added
    let ran = Set(suites.map(\.rawValue))
    missing = baseline.order.filter { key in
      ran.contains(key.suite) && !seen.contains(key) && options.takes(key.name)
        && (key.suite != "train" || options.models.isEmpty || options.models.contains(key.name))
    }.map { "\($0.suite): \($0.name)" }
  }

  /// What has become slower by more than a factor, the worst first.
  public func slower(than threshold: Double) -> [Row] { rows.filter { $0.ratio > threshold }.sorted { $0.ratio > $1.ratio } }
}
