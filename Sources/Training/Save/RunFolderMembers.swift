import GlissadeFormats

/// Models of a run that answer together: snapshots, or those of several runs that were put into one.
extension RunFolder {
  /// The model of a member, from 1.
  public func memberPath(_ number: Int) -> String { "\(path)/\(Self.memberName(number))" }

  /// The members that are there, in order.
  public var members: [(number: Int, path: String)] {
    names.compactMap(Self.memberNumber).sorted().map { ($0, memberPath($0)) }
  }

  /// Writes a snapshot.
  /// - Throws: `FormatError` with the path and the reason.
  public func save(_ snapshot: ModelSnapshot, metadata: [String: String]) throws(FormatError) {
    try snapshot.state.save(
      to: memberPath(snapshot.number),
      metadata: metadata.merging([Self.epochKey: "\(snapshot.epoch)", "step": "\(snapshot.step)"]) { $1 })
  }

  /// Of which epoch a member is; `nil` where its file does not say.
  public func epoch(ofMember number: Int) -> Int? {
    (try? SafetensorsFile(path: memberPath(number)))?.metadata[Self.epochKey].flatMap { Int($0) }
  }

  private static let memberPrefix = "member-"
  private static let memberSuffix = ".safetensors"

  private static func memberName(_ number: Int) -> String { "\(memberPrefix)\(number)\(memberSuffix)" }

  /// The number of a member, by its file's name; `nil` where it is none.
  static func memberNumber(_ name: String) -> Int? {
    guard name.hasPrefix(memberPrefix), name.hasSuffix(memberSuffix),
      let number = Int(name.dropFirst(memberPrefix.count).dropLast(memberSuffix.count)), number > 0, memberName(number) == name
    else { return nil }
    return number
  }
}
