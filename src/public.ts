/** What both faces export besides their operations: types and errors. */

export type { Addr, AddrFilter, AddrKey, AddrOptions, WaitOptions } from './addr/addr.js'
export { BatchError, type BatchResults, type Plan, type Planned } from './batch.js'
export type { Conntrack, ConntrackStatus } from './conntrack/attributes.js'
export type { ConntrackOptions, ConntrackReading, ConntrackUpdate } from './conntrack/conntrack.js'
export type { Expectation, ExpectationKey, ExpectationOptions, ExpectedTuple } from './conntrack/expectation.js'
export type { ConntrackFilter, ConntrackTupleFilter } from './conntrack/filter.js'
export type { ConntrackNat } from './conntrack/nat.js'
export type { ConntrackDccp, ConntrackSctp, ConntrackTcp, ConntrackTcpFlag } from './conntrack/protoinfo.js'
export type { ConntrackKey } from './conntrack/request.js'
export type { ConntrackCpuStats, ConntrackStats } from './conntrack/stats.js'
export type { ConntrackProtocol, ConntrackTuple } from './conntrack/tuple.js'
export type { Fdb, FdbDestination, FdbFilter, FdbFlush, FdbKey, FdbOptions, FdbQuery, FdbState } from './fdb/fdb.js'
export type { Abilities, Feature, FeatureKinds, Features } from './features/features.js'
export type { IpvsStats } from './ipvs/attributes.js'
export type { IpvsDaemon, IpvsDaemonKey, IpvsDaemonOptions, IpvsInfo, IpvsTimeouts } from './ipvs/config.js'
export type { IpvsDest, IpvsDestKey, IpvsDestOptions, IpvsForward } from './ipvs/dest.js'
export type {
  IpvsProtocol,
  IpvsSchedFlag,
  IpvsService,
  IpvsServiceKey,
  IpvsServiceOptions,
  IpvsServiceWithDests,
} from './ipvs/service.js'
export type { LinkStats, LinkXdp } from './link/attributes.js'
export type {
  BridgeInfo,
  BridgeOptions,
  BridgePortInfo,
  BridgePortOptions,
} from './link/kinds/bridge.js'
export type { GreInfo, GreOptions } from './link/kinds/gre.js'
export type { IpipOptions } from './link/kinds/ipip.js'
export type { IpvlanOptions } from './link/kinds/ipvlan.js'
export type { MacvlanInfo, MacvlanOptions } from './link/kinds/macvlan.js'
export type { SitOptions } from './link/kinds/sit.js'
export type { VethOptions, VethPeer } from './link/kinds/veth.js'
export type { VlanOptions } from './link/kinds/vlan.js'
export type { VrfOptions, VrfPortInfo } from './link/kinds/vrf.js'
export type { VxlanOptions } from './link/kinds/vxlan.js'
export type {
  ExistingLink,
  GivenBack,
  Link,
  LinkAddOptions,
  LinkFilter,
  LinkKinds,
  LinkMade,
  LinkOptions,
  LinkSetOptions,
  LinkWaitOptions,
  NewLink,
  RawKind,
  WithKind,
} from './link/link.js'
export type { NetnsRef } from './namespace.js'
export type { Neigh, NeighFilter, NeighKey, NeighOptions, Nud } from './neigh/neigh.js'
export type { UnknownAttributes } from './netlink/attributes.js'
export { NetlinkError } from './netlink/error.js'
export type { Operation } from './netlink/operation.js'
export type { Range } from './netlink/range.js'
export type { CreateOptions, NamedNetns, NetnsLocation } from './netns/manage.js'
export type { RpsOptions, RpsQueue } from './netns/rps.js'
export type { NetnsInfo } from './netns/scan.js'
export type { Encap, Nexthop, NexthopFilter, NexthopGroupEntry, NexthopKey, NexthopOptions } from './nexthop/nexthop.js'
export type {
  NftBaseChain,
  NftChain,
  NftChainType,
  NftHook,
  NftPriority,
  NftPriorityName,
  NftRef,
} from './nft/chain.js'
export type {
  NftChange,
  NftDeletion,
  NftElements,
  NftFlush,
  NftNamed,
  NftObject,
  NftObjectRef,
  NftTableRef,
  PlacedRule,
  RuleComment,
  RuleId,
  RuleRef,
} from './nft/changes.js'
export type { CatchAll, ElementOptions, NftStateful, OptionedElement } from './nft/elements.js'
export type { NftFamily } from './nft/family.js'
export type { FlowtableFlag, NftFlowtable } from './nft/flowtable.js'
export type { NftFilter, NftRuleset } from './nft/listing.js'
export type { ApplyOptions, UpdateOptions } from './nft/nft.js'
export type { CtExpectation } from './nft/objects/ct-expectation.js'
export type { CtHelper } from './nft/objects/ct-helper.js'
export type { CtPolicy, CtTimeout } from './nft/objects/ct-timeout.js'
export type { CtFamily, CtProtocol } from './nft/objects/protocol.js'
export type { NftNamedObject, NftObjectBase, NftObjectOptions, NftObjectType, UnknownObject } from './nft/objects.js'
export type { ElementsFilter, ObjectsFilter, RulesFilter } from './nft/reset.js'
export type { NftSetType } from './nft/set-notes.js'
export type { NftMap, NftSet, NftSetFlag } from './nft/set-object.js'
export type {
  KeyMatch,
  NftExpression,
  NftKey,
  NftKeys,
  NftKeyValue,
  NftOperand,
  NftRule,
  NftStatement,
} from './nft/statements.js'
export type { NftTable } from './nft/table.js'
export type { RouteFilter, RouteListFilter } from './route/filter.js'
export type { Route, RouteOptions, RouteType } from './route/message.js'
export type { RouteMetrics } from './route/metrics.js'
export type { RouteNexthop } from './route/nexthops.js'
export type { RouteQuery } from './route/route.js'
export type { Realms, RouteTable } from './routing.js'
export type { DelOptions, Device, Family, Protocol, Scope } from './rtnetlink.js'
export type { Rule, RuleAction, RuleFilter, RuleOptions } from './rule/rule.js'
export type { GactInfo, GactOptions, GactRandom } from './tc/action/gact.js'
export type { MirredInfo, MirredOptions } from './tc/action/mirred.js'
export type { PoliceInfo, PoliceOptions } from './tc/action/police.js'
export type { SkbeditInfo, SkbeditOptions } from './tc/action/skbedit.js'
export type { Action, ActionInfo, ActionKinds, ActionOptions } from './tc/action.js'
export type { ClassAddOptions, ClassFilter, ClassKey, ClassKinds, ClassOptions, TcClass } from './tc/class.js'
export type { Control } from './tc/control.js'
export type { Estimator } from './tc/estimator.js'
export type { BpfInfo, BpfInstruction, BpfOptions } from './tc/filter/bpf.js'
export type { FlowerInfo, FlowerIpFlags, FlowerOptions } from './tc/filter/flower.js'
export type { FlowerPort, FlowerPortInfo, Masked, MaskedInfo } from './tc/filter/flower-values.js'
export type { FwInfo, FwOptions } from './tc/filter/fw.js'
export type { MatchallInfo, MatchallOptions } from './tc/filter/matchall.js'
export type { U32Handle, U32Hashkey, U32Info, U32Offset, U32Options } from './tc/filter/u32.js'
export type {
  U32Ip,
  U32Ip6,
  U32Match,
  U32Place,
  U32Ports,
  U32Protocol,
  U32Value,
} from './tc/filter/u32-match.js'
export type {
  Estimated,
  Filter,
  FilterAddOptions,
  FilterFilter,
  FilterKey,
  FilterKinds,
  FilterMade,
  FilterOptions,
  FilterPlace,
} from './tc/filter.js'
export type { FilterParent, Handle, QdiscParent } from './tc/handle.js'
export type { HardwareInfo, HardwareOptions } from './tc/hardware.js'
export type { RawTcKind } from './tc/message.js'
export type { EtherProtocol } from './tc/protocol.js'
export type { BfifoInfo, BfifoOptions } from './tc/qdisc/bfifo.js'
export type { FqInfo, FqOptions, FqStats } from './tc/qdisc/fq.js'
export type { FqCodelInfo, FqCodelOptions, FqCodelStats } from './tc/qdisc/fq_codel.js'
export type { HtbClassInfo, HtbClassOptions, HtbClassStats, HtbInfo, HtbOptions } from './tc/qdisc/htb.js'
export type { NetemGemodel, NetemGemodelInfo, NetemLossState, NetemLossStateInfo } from './tc/qdisc/netem-loss.js'
export type { NetemInfo, NetemOptions } from './tc/qdisc/netem-options.js'
export type { NetemDistribution, NetemSlot, NetemSlotInfo } from './tc/qdisc/netem-time.js'
export type { PfifoInfo, PfifoOptions } from './tc/qdisc/pfifo.js'
export type { PfifoFastInfo } from './tc/qdisc/pfifo_fast.js'
export type { PrioInfo, PrioOptions } from './tc/qdisc/prio.js'
export type { SfqInfo, SfqOptions, SfqRedStats } from './tc/qdisc/sfq.js'
export type { TbfInfo, TbfOptions } from './tc/qdisc/tbf.js'
export type { Qdisc, QdiscAddOptions, QdiscFilter, QdiscKey, QdiscKinds, QdiscMade, QdiscOptions } from './tc/qdisc.js'
export type { Linklayer, RateShape, RateShapeInfo } from './tc/ratespec.js'
export type { Stab } from './tc/stab.js'
export type { TcStats } from './tc/stats.js'
export type { ClassNode, QdiscNode, QdiscTree } from './tc/tree.js'
export type { Percent, Rate, Size, Time } from './tc/units.js'
export type { BridgeVlan, BridgeVlanFilter, BridgeVlanKey, BridgeVlanOptions } from './vlan/vlan.js'
