/// Lays slices out in arenas so that those whose lifetimes overlap do not share memory: in one, or where that would be larger than an arena
/// may be in several.
///
/// Greedy by size: the largest slice first, each at the lowest place where it disturbs none that is alive at the same time
/// (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"), in the first arena that has such a place.
struct ArenaLayout {
  /// A slice to place: from the launch that first writes it to the last that reads it.
  struct Request {
    var size: Int
    var first: Int
    var last: Int
  }

  /// What is alive in an arena, in order of start.
  private struct Arena {
    var placed: [(first: Int, last: Int, start: Int, end: Int)] = []

    /// Puts a request at the lowest place that is free while it is alive.
    /// - Returns: the place.
    mutating func place(_ request: Request) -> Int {
      var start = 0
      for other in placed where other.first <= request.last && request.first <= other.last {
        if start + request.size <= other.start { break }
        start = max(start, other.end)
      }
      let entry = (first: request.first, last: request.last, start: start, end: start + request.size)
      placed.insert(entry, at: placed.firstIndex { $0.start > start } ?? placed.count)
      return start
    }
  }

  /// Where each request is.
  private(set) var offsets: [Int]
  /// In which arena.
  private(set) var arenas: [Int]
  /// The arenas' sizes; one of no elements where there is nothing to place.
  private(set) var sizes = [0]
  /// All arenas together.
  var size: Int { sizes.reduce(0, +) }

  /// - Parameters:
  ///   - requests: what to place.
  ///   - together: pairs of requests that have to be in one arena.
  ///   - limit: the largest arena. A request, or several that have to be together, that are larger get an arena of their own.
  init(_ requests: [Request], together: [(Int, Int)] = [], limit: Int = .max) {
    offsets = [Int](repeating: 0, count: requests.count)
    arenas = offsets
    let order = requests.indices.sorted {
      (requests[$0].size, requests[$1].first, $1) > (requests[$1].size, requests[$0].first, $0)
    }
    // One arena is laid out as if there were no limit: what has to be together is.
    var only = Arena()
    for index in order {
      offsets[index] = only.place(requests[index])
      sizes[0] = max(sizes[0], offsets[index] + requests[index].size)
    }
    if sizes[0] > limit { divide(requests, in: order, together, limit) }
  }

  private mutating func divide(_ requests: [Request], in order: [Int], _ together: [(Int, Int)], _ limit: Int) {
    var filled: [Arena] = []
    sizes = []
    for members in Self.clusters(order, together) {
      var number = 0
      while true {
        // A new arena takes whatever comes.
        let isNew = number == filled.count
        var arena = isNew ? Arena() : filled[number]
        let places = members.map { arena.place(requests[$0]) }
        let end = zip(places, members).reduce(0) { max($0, $1.0 + requests[$1.1].size) }
        if isNew || end <= limit {
          if isNew {
            filled.append(arena)
            sizes.append(end)
          } else {
            filled[number] = arena
            sizes[number] = max(sizes[number], end)
          }
          for (place, member) in zip(places, members) { (offsets[member], arenas[member]) = (place, number) }
          break
        }
        number += 1
      }
    }
  }

  /// What has to be together, each where its first member is in the order.
  private static func clusters(_ order: [Int], _ together: [(Int, Int)]) -> [[Int]] {
    var parent = Array(order.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parent[index] != index { index = parent[index] }
      return index
    }
    for (a, b) in together { parent[root(a)] = root(b) }
    var places: [Int: Int] = [:]
    var clusters: [[Int]] = []
    for index in order {
      let root = root(index)
      if let place = places[root] {
        clusters[place].append(index)
      } else {
        places[root] = clusters.count
        clusters.append([index])
      }
    }
    return clusters
  }
}
