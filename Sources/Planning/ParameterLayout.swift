import GlissadeTensors

/// Where each parameter of a model lives: trained ones in a flat arena for each group, all others in the statistics arena.
public struct ParameterLayout: Sendable {
  /// One parameter's place.
  public struct Entry: Sendable {
    public let path: String
    public let parameter: Parameter
    /// The group that trains it, `nil` for a frozen weight or a statistic.
    public let group: Int?
    public let slice: Slice
    /// The slice of its gradient, in the same layout; `nil` where there is no group.
    public var gradient: Slice? { group.map { Slice(.gradients(group: $0), offset: slice.offset, count: slice.count) } }
  }

  /// In the model's order.
  public let entries: [Entry]
  /// The elements of each group's arena.
  public let groupSizes: [Int]
  /// The elements of the statistics arena.
  public let statisticsSize: Int
  private let places: [ParameterID: Int]

  /// - Parameters:
  ///   - parameters: the model's parameters with their paths, in the model's order.
  ///   - groupCount: how many groups there are.
  ///   - group: the group that trains a parameter, `nil` for none.
  public init(_ parameters: [(path: String, parameter: Parameter)], groupCount: Int, group: (String, Parameter) -> Int?) {
    var sizes = [Int](repeating: 0, count: groupCount)
    var statistics = 0
    var entries: [Entry] = []
    var places: [ParameterID: Int] = [:]
    for (path, parameter) in parameters where places[parameter.id] == nil {
      let count = parameter.shape.count
      let slice: Slice
      let chosen = parameter.role == .weight ? group(path, parameter) : nil
      if let chosen {
        slice = Slice(.parameters(group: chosen), offset: sizes[chosen], count: count)
        sizes[chosen] += Slice.room(count)
      } else {
        slice = Slice(.statistics, offset: statistics, count: count)
        statistics += Slice.room(count)
      }
      places[parameter.id] = entries.count
      entries.append(Entry(path: path, parameter: parameter, group: chosen, slice: slice))
    }
    self.entries = entries
    self.places = places
    groupSizes = sizes
    statisticsSize = statistics
  }

  /// The place of a parameter.
  public subscript(id: ParameterID) -> Entry? { places[id].map { entries[$0] } }
}
