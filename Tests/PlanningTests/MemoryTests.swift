import Testing

@testable import GlissadePlanning
@testable import GlissadeTensors

/// What is alive at the same time does not share memory.
struct MemoryTests {
  @Test(arguments: ["lenet", "resnet18", "mlp"], [TrainingPlans.cpu, TrainingPlans.gpu])
  func plansOfModels(name: String, profile: DeviceProfile) throws {
    for fuses in [true, false] {
      var request = name == "lenet" ? TrainingPlans.lenet : name == "mlp" ? TrainingPlans.mlp : TrainingPlans.resnet
      request.fuses = fuses
      let plan = try Planner(profile: profile).plan(request)
      let walk = MemoryWalk(plan)
      #expect(walk.mistakes.isEmpty, "\(walk.mistakes.prefix(3))")
      #expect(walk.collisions.isEmpty, "\(walk.collisions.prefix(3))")
      #expect(walk.lives.count > 10)
      #expect(plan.activationsSize < plan.unsharedSize)
      for launch in plan.launches {
        for slice in launch.reads + launch.writes {
          #expect(slice.offset % Slice.alignment == 0 && slice.offset >= 0)
          switch slice.buffer {
          case .activations(let arena): #expect(slice.offset + Slice.room(slice.count) <= plan.activationSizes[arena])
          case .inputs: #expect(slice.offset + Slice.room(slice.count) <= plan.inputsSize)
          case .parameters(let group, let piece), .gradients(let group, let piece), .state(let group, _, let piece),
            .anchors(let group, let piece), .earlier(let group, let piece), .gradientSums(let group, let piece):
            #expect(slice.offset + slice.count <= request.layout.groupPieces[group][piece])
          case .statistics(let piece): #expect(slice.offset + Slice.room(slice.count) <= request.layout.statisticsPieces[piece])
          case .zeros: #expect(slice.offset + slice.count <= plan.zerosSize && !launch.writes.contains(slice))
          case .segments: #expect(slice.count == plan.tables[slice.buffer]?.count && !launch.writes.contains(slice))
          case .arrays: #expect(slice.offset + slice.count <= plan.arrays.count && !launch.writes.contains(slice))
          case .constants, .control: break
          }
        }
      }
    }
  }

  /// Sharing is worth something: a chain of layers needs the memory of a few, not of all.
  @Test func sharingHelps() throws {
    let plan = try Planner(profile: TrainingPlans.cpu).plan(TrainingPlans.resnet)
    #expect(Double(plan.activationsSize) < 0.7 * Double(plan.unsharedSize))
  }

  @Test(arguments: 0..<20) func arenas(seed: Int) {
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    let requests = (0..<60).map { _ in
      let first = random(40)
      return ArenaLayout.Request(size: 16 * (1 + random(50)), first: first, last: first + random(12))
    }
    let arena = ArenaLayout(requests)
    for (i, a) in requests.enumerated() {
      #expect(arena.offsets[i] + a.size <= arena.size)
      for (j, b) in requests.enumerated() where j > i && a.first <= b.last && b.first <= a.last {
        #expect(arena.offsets[i] + a.size <= arena.offsets[j] || arena.offsets[j] + b.size <= arena.offsets[i])
      }
    }
    // No layout can be smaller than what is alive at once; this one is not far from it.
    let needed = (0..<60).map { time in requests.filter { $0.first <= time && time <= $0.last }.reduce(0) { $0 + $1.size } }.max() ?? 0
    #expect(arena.size >= needed)
    #expect(Double(arena.size) <= 1.5 * Double(needed))
  }

  @Test func successorsShare() {
    let arena = ArenaLayout([.init(size: 64, first: 0, last: 1), .init(size: 64, first: 2, last: 3), .init(size: 32, first: 1, last: 2)])
    #expect(arena.offsets == [0, 0, 64])
    #expect(arena.size == 96)
    #expect(ArenaLayout([]).size == 0)
  }

  @Test func roomCoversSlackAndAlignment() {
    for count in [1, 15, 16, 17, 31, 1000] {
      #expect(Slice.room(count) >= count + Slice.slack)
      #expect(Slice.room(count) % Slice.alignment == 0)
      #expect(Slice.room(count) < count + Slice.slack + Slice.alignment)
    }
  }

  @Test func layoutOfParameters() {
    let (a, b, c, d) = (
      Parameter("a", shape: [5, 7]), Parameter("b", shape: [33]), Parameter("c", shape: [3], role: .statistic), Parameter("d", shape: [16])
    )
    let layout = ParameterLayout([("a", a), ("b", b), ("c", c), ("d", d), ("again", a)], groupCount: 2) { path, _ in
      path == "d" ? nil : path == "b" ? 1 : 0
    }
    #expect(layout.entries.map(\.path) == ["a", "b", "c", "d"])
    #expect(layout[a.id]?.slice == Slice(.parameters(group: 0), offset: 0, count: 35))
    #expect(layout[a.id]?.gradient == Slice(.gradients(group: 0), offset: 0, count: 35))
    #expect(layout[b.id]?.group == 1)
    // A statistic is never trained, whatever is asked for.
    #expect(layout[c.id]?.group == nil)
    #expect(layout[c.id]?.slice == Slice(.statistics, offset: 0, count: 3))
    #expect(layout[d.id]?.slice == Slice(.statistics, offset: Slice.room(3), count: 16))
    #expect(layout[d.id]?.gradient == nil)
    #expect(layout.groupSizes == [Slice.room(35), Slice.room(33)])
    #expect(layout.statisticsSize == Slice.room(3) + Slice.room(16))
    #expect(layout[Parameter("stranger", shape: []).id] == nil)
  }
}
