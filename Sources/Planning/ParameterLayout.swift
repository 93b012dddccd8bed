import GlissadeTensors

/// Where each parameter of a model lives: trained ones in flat arenas for each group, all others in the statistics arena. Where such an arena
/// would be larger than a buffer can be, it is cut into pieces, between two parameters.
public struct ParameterLayout: Sendable {
  /// One parameter's place.
  public struct Entry: Sendable {
    public let path: String
    public let parameter: Parameter
    /// The group that trains it, `nil` for a frozen weight or a statistic.
    public let group: Int?
    /// In which piece of the group's arena, or of the statistics, it is.
    public let piece: Int
    public let slice: Slice
    /// The slice of its gradient, in the same layout; `nil` where there is no group.
    public var gradient: Slice? { group.map { slice(in: .gradients(group: $0, piece: piece)) } }
    /// The slice of where it started, in the same layout; `nil` where there is no group.
    public var anchor: Slice? { group.map { slice(in: .anchors(group: $0, piece: piece)) } }

    /// The slice of what it was before a step that is monitored, in the same layout; `nil` where there is no group.
    public var earlier: Slice? { group.map { slice(in: .earlier(group: $0, piece: piece)) } }

    /// The slice of what an optimizer remembers of it, in the same layout; `nil` where there is no group.
    public func state(_ slot: Int) -> Slice? { group.map { slice(in: .state(group: $0, slot: slot, piece: piece)) } }

    private func slice(in buffer: BufferReference) -> Slice { Slice(buffer, offset: slice.offset, count: slice.count) }
  }

  /// In the model's order.
  public let entries: [Entry]
  /// The elements of each piece of each group's arena; no pieces for a group without parameters.
  public let groupPieces: [[Int]]
  /// The elements of each piece of the statistics arena; at least one piece.
  public let statisticsPieces: [Int]
  /// The elements of each group's arena, all pieces together.
  public var groupSizes: [Int] { groupPieces.map { $0.reduce(0, +) } }
  /// The elements of the statistics arena, all pieces together.
  public var statisticsSize: Int { statisticsPieces.reduce(0, +) }
  /// How large pieces may be.
  public let limits: BufferLimits
  private let places: [ParameterID: Int]

  /// - Parameters:
  ///   - parameters: the model's parameters with their paths, in the model's order.
  ///   - groupCount: how many groups there are.
  ///   - limits: how large pieces may be, and with them all that lies in the same layout. A parameter that is larger has a piece of its own
  ///     (`oversized`).
  ///   - group: the group that trains a parameter, `nil` for none.
  public init(
    _ parameters: [(path: String, parameter: Parameter)], groupCount: Int, limits: BufferLimits = BufferLimits(),
    group: (String, Parameter) -> Int?
  ) {
    var groups = [[Int]](repeating: [], count: groupCount)
    var statistics: [Int] = []
    var entries: [Entry] = []
    var places: [ParameterID: Int] = [:]
    /// Room behind what is there, in the last piece or in a new one.
    func take(_ count: Int, of pieces: inout [Int]) -> (piece: Int, offset: Int) {
      let room = Slice.room(count)
      if let last = pieces.last, last + room <= limits.tensor {
        pieces[pieces.count - 1] += room
        return (pieces.count - 1, last)
      }
      pieces.append(room)
      return (pieces.count - 1, 0)
    }
    for (path, parameter) in parameters where places[parameter.id] == nil {
      let count = parameter.shape.count
      let slice: Slice
      let piece: Int
      let chosen = parameter.role == .weight ? group(path, parameter) : nil
      if let chosen {
        let place = take(count, of: &groups[chosen])
        piece = place.piece
        slice = Slice(.parameters(group: chosen, piece: piece), offset: place.offset, count: count)
      } else {
        let place = take(count, of: &statistics)
        piece = place.piece
        slice = Slice(.statistics(piece: piece), offset: place.offset, count: count)
      }
      places[parameter.id] = entries.count
      entries.append(Entry(path: path, parameter: parameter, group: chosen, piece: piece, slice: slice))
    }
    self.entries = entries
    self.places = places
    self.limits = limits
    groupPieces = groups
    statisticsPieces = statistics.isEmpty ? [0] : statistics
  }

  /// The same layout, in which what lies in that of trained parameters is parameters, too: what they were before a step that is monitored, or
  /// their gradients.
  /// - Parameters:
  ///   - place: where it is, of a parameter.
  ///   - what: what it is, behind the parameter's path.
  /// - Returns: the layout, and these parameters by those that they are of.
  package func including(
    _ place: KeyPath<Entry, Slice?>, _ what: String
  ) -> (layout: ParameterLayout, included: [ParameterID: Parameter]) {
    var (all, places, included) = (entries, places, [ParameterID: Parameter]())
    for entry in entries {
      guard let slice = entry[keyPath: place] else { continue }
      let parameter = Parameter(entry.parameter.name, shape: entry.parameter.shape, role: .statistic)
      included[entry.parameter.id] = parameter
      places[parameter.id] = all.count
      all.append(Entry(path: "\(entry.path) \(what)", parameter: parameter, group: nil, piece: entry.piece, slice: slice))
    }
    return (ParameterLayout(self, entries: all, places: places), included)
  }

  private init(_ other: ParameterLayout, entries: [Entry], places: [ParameterID: Int]) {
    (self.entries, self.places) = (entries, places)
    (groupPieces, statisticsPieces, limits) = (other.groupPieces, other.statisticsPieces, other.limits)
  }

  /// The place of a parameter.
  public subscript(id: ParameterID) -> Entry? { places[id].map { entries[$0] } }

  /// The largest parameter of those that are larger than a piece can be; `nil` where none is.
  public var oversized: OversizedBuffer? {
    guard let largest = entries.max(by: { $0.slice.count < $1.slice.count }), Slice.room(largest.slice.count) > limits.tensor else {
      return nil
    }
    return OversizedBuffer(
      what: "parameter \(largest.path) \(largest.parameter.shape)", bytes: 4 * Slice.room(largest.slice.count), limit: 4 * limits.tensor)
  }
}
