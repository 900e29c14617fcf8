use bluemarble_core::{GeoPosition, LatticeBox, LatticePos, MaterialId, VoxelPos};

use super::*;

/// A smooth planet: ground at sea level.
fn classify(key: ChunkKey) -> Classification {
    let LatticeBox { min, max } = key.lattice_box();
    let sea = Shape::earth().sea_level_y();
    if min.y >= sea {
        Classification::Uniform(MaterialId::AIR)
    } else if max.y < sea {
        Classification::Solid
    } else {
        Classification::Mixed
    }
}

fn view(lat_deg: f64, lon_deg: f64, altitude_m: f64) -> View {
    let shape = Shape::earth();
    let position = shape.local_from_geo(GeoPosition::new(lat_deg, lon_deg, altitude_m));
    View {
        position,
        forward: -shape.up(position),
        half_angle_rad: 0.6,
        pixel_rad: 0.002,
        max_error_px: 2.0,
        radius_m: f64::INFINITY,
        weight: 1.0,
    }
}

/// Every known leaf lies under exactly one drawn node.
fn check_partition(cut: &Cut) {
    fn walk(cut: &Cut, key: ChunkKey, covered: bool) {
        let here = cut.drawn.contains(&key);
        assert!(!(covered && here), "{key} is drawn under a drawn node");
        let children = key.children().unwrap_or([key; 8]);
        let has_children = key.lod > 0 && cut.tree.find(children[0]).is_some();
        if has_children {
            children.iter().for_each(|&child| walk(cut, child, covered || here));
        } else {
            assert!(covered || here, "{key} is not covered");
        }
    }
    for root in Shape::earth().roots() {
        walk(cut, root, false);
    }
}

/// What is requested and not answered.
#[derive(Default)]
struct Requests(Vec<ChunkKey>);

impl Requests {
    fn take_up(&mut self, change: CutChange) {
        if change.replaces_requests {
            self.0.clear();
        }
        let withdrawn: FxHashSet<ChunkKey> = change.withdrawn.into_iter().collect();
        self.0.retain(|key| !withdrawn.contains(key));
        self.0.extend(change.requests_unsorted.into_iter().map(|request| request.key));
    }
}

/// Serves requests in an order of its own until nothing is wanted.
fn settle(cut: &mut Cut, view: View, seed: u64) -> usize {
    let mut state = seed | 1;
    let mut requests = Requests::default();
    // What was requested earlier is requested anew.
    cut.set_coarseness(1.01);
    cut.update(&[view], classify);
    cut.set_coarseness(1.0);
    for served in 0..1_000_000 {
        requests.take_up(cut.update(&[view], classify));
        if served > 6 {
            check_partition(cut);
        }
        if requests.0.is_empty() {
            return served;
        }
        for _ in 0..=state % 40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if requests.0.is_empty() {
                break;
            }
            let pick = (state >> 33) as usize % requests.0.len();
            assert!(cut.arrived(requests.0.swap_remove(pick)), "nobody wants what was requested");
        }
    }
    panic!("the cut never settles");
}

#[test]
fn a_descent_never_leaves_a_hole_nor_draws_twice() {
    let mut cut = Cut::new(Shape::earth());
    for (step, altitude_m) in [1.2e7, 1e6, 1e5, 1e4, 300.0, 2.0, 5e4, 1.2e7].into_iter().enumerate()
    {
        settle(&mut cut, view(27.0, 86.0, altitude_m), step as u64 * 77 + 5);
        check_partition(&cut);
    }
}

#[test]
fn near_the_ground_the_finest_lod_is_drawn_below_the_viewer() {
    let mut cut = Cut::new(Shape::earth());
    settle(&mut cut, view(10.0, 20.0, 2.0), 3);
    assert!(cut.drawn().iter().any(|key| key.lod == 0));
    let (asked, skipped): (u64, u64) = (cut.asked.iter().sum(), cut.skipped.iter().sum());
    assert!(skipped * 9 > asked * 4, "{skipped} of {asked} nodes skipped");
}

#[test]
fn a_viewer_on_a_threshold_does_not_make_nodes_flip() {
    let mut cut = Cut::new(Shape::earth());
    settle(&mut cut, view(10.0, 20.0, 10_000.0), 3);
    let before = cut.drawn().clone();
    for step in 0..50 {
        let wobble = f64::from(step % 2) * 20.0;
        settle(&mut cut, view(10.0, 20.0, 10_000.0 + wobble), 9);
        if step > 1 {
            let change = cut.update(&[view(10.0, 20.0, 10_000.0 + wobble)], classify);
            assert!(change.shown.is_empty() && change.hidden.is_empty());
        }
    }
    let same = before.intersection(cut.drawn()).count();
    assert!(same * 100 > before.len() * 95);
}

#[test]
fn a_standing_viewer_asks_for_nothing_more() {
    let mut cut = Cut::new(Shape::earth());
    let here = view(-30.0, 140.0, 500.0);
    settle(&mut cut, here, 1);
    let (asked, nodes) = (cut.asked, cut.len());
    for _ in 0..600 {
        let change = cut.update(&[here], classify);
        assert!(change.requests_unsorted.is_empty() && change.shown.is_empty());
        assert!(change.hidden.is_empty() && change.dropped.is_empty());
    }
    assert_eq!((cut.asked, cut.len()), (asked, nodes));
}

#[test]
fn an_edit_under_skipped_ground_is_asked_for() {
    let mut cut = Cut::new(Shape::earth());
    let here = view(10.0, 20.0, 2.0);
    settle(&mut cut, here, 1);
    let shape = Shape::earth();
    let LatticePos { region, lattice } =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(10.0, 20.0, -12.0)));
    let key = VoxelPos::new(region, lattice.as_ivec3()).chunk(0);
    cut.edited(key);
    let mut wanted = FxHashSet::default();
    for _ in 0..40 {
        let change = cut.update(&[here], |key_asked| {
            if key_asked == key || key_asked.covers(key) {
                Classification::Mixed
            } else {
                classify(key_asked)
            }
        });
        check_partition(&cut);
        for request in change.requests_unsorted {
            wanted.insert(request.key);
            cut.arrived(request.key);
        }
    }
    assert!(wanted.contains(&key), "the edited chunk is never built");
}

/// What every node of a cut is, in an order of its own.
fn summary(cut: &Cut) -> Vec<(ChunkKey, bool, bool)> {
    fn walk(cut: &Cut, key: ChunkKey, into: &mut Vec<(ChunkKey, bool, bool)>) {
        if cut.tree.find(key).is_some() {
            into.push((key, cut.drawn().contains(&key), cut.wants(key)));
            key.children().into_iter().flatten().for_each(|child| walk(cut, child, into));
        }
    }
    let mut nodes = Vec::new();
    Shape::earth().roots().into_iter().for_each(|root| walk(cut, root, &mut nodes));
    nodes
}

#[test]
fn looking_only_at_what_has_arrived_comes_to_the_same_as_looking_at_everything() {
    let here = view(27.0, 86.0, 300.0);
    let mut cuts = [Cut::new(Shape::earth()), Cut::new(Shape::earth())];
    let mut requests = [Requests::default(), Requests::default()];
    for step in 0..400 {
        // The second one looks at everything each time.
        cuts[1].begin_era();
        for (cut, requests) in cuts.iter_mut().zip(&mut requests) {
            requests.take_up(cut.update(&[here], classify));
            requests.0.sort_unstable_by_key(|key| (key.lod, key.region, key.pos.to_array()));
        }
        assert_eq!(summary(&cuts[0]), summary(&cuts[1]), "step {step}");
        let [one, two] = &mut requests;
        assert_eq!(one.0, two.0, "step {step}");
        if one.0.is_empty() {
            assert!(step > 20);
            return;
        }
        let answered = one.0.len().div_ceil(3);
        for key in one.0.split_off(one.0.len() - answered) {
            cuts.iter_mut().for_each(|cut| assert!(cut.arrived(key)));
        }
    }
    panic!("it never settles");
}

#[test]
fn the_next_lod_is_requested_with_its_parent_and_after_all_its_parents_siblings() {
    let mut cut = Cut::new(Shape::earth());
    let here = looking(view(27.0, 86.0, 300.0), 1.0, 0.0);
    let mut foreseen = 0;
    for _ in 0..200 {
        cut.begin_era();
        let requests = cut.update(&[here], classify).requests_unsorted;
        let Some(first) = requests.iter().max_by(|a, b| a.priority.total_cmp(&b.priority)) else {
            break;
        };
        for request in &requests {
            let Some(parent) = request.key.parent().filter(|parent| cut.wants(*parent)) else {
                continue;
            };
            foreseen += 1;
            let siblings = parent.parent().and_then(ChunkKey::children).into_iter().flatten();
            for sibling in requests.iter().filter(|of| siblings.clone().any(|key| key == of.key)) {
                assert!(
                    request.priority <= sibling.priority,
                    "{} before {}",
                    request.key,
                    sibling.key
                );
            }
        }
        cut.arrived(first.key);
    }
    assert!(foreseen > 100, "{foreseen}");
}

#[test]
fn an_unanswered_request_is_made_again() {
    let mut cut = Cut::new(Shape::earth());
    let here = view(27.0, 86.0, 300.0);
    let first = cut.update(&[here], classify).requests_unsorted;
    assert!(cut.update(&[here], classify).requests_unsorted.is_empty());
    cut.unanswered(first[0].key);
    let again = cut.update(&[here], classify).requests_unsorted;
    assert_eq!(again, first[..1]);
}

#[test]
fn a_cut_four_times_as_coarse_ends_two_lods_earlier_until_it_is_fine_again() {
    let mut cut = Cut::new(Shape::earth());
    let here = view(10.0, 20.0, 10_000.0);
    settle(&mut cut, here, 3);
    let finest = |cut: &Cut| cut.drawn().iter().map(|key| key.lod).min().expect("some");
    let (fine, nodes) = (finest(&cut), cut.len());
    cut.set_coarseness(4.0);
    cut.update(&[here], classify);
    check_partition(&cut);
    assert!((fine + 1..=fine + 2).contains(&finest(&cut)), "lod {} and {fine}", finest(&cut));
    assert!(cut.len() < nodes);
    settle(&mut cut, here, 4);
    assert_eq!(finest(&cut), fine);
}

/// Where a viewer is and where it looks at a step of a flight, with the place it will be at.
type Path = fn(f64) -> Vec<View>;

fn looking(mut view: View, east: f64, north: f64) -> View {
    let up = Shape::earth().up(view.position);
    let (to_east, to_north) = Shape::earth().east_north(view.position);
    view.forward = (to_east * east + to_north * north - up * 0.4).normalize();
    view
}

const PATHS: [(&str, Path); 5] = [
    ("low and fast", |t| vec![looking(view(46.0, 7.0 + t * 1e-4, 2_000.0), 1.0, 0.0)]),
    ("down, with a view ahead", |t| {
        let at = |t: f64| looking(view(27.0, 86.0, 2e6 * 0.97f64.powf(t)), 0.3, 1.0);
        vec![at(t), View { weight: 0.7, ..at(t + 30.0) }]
    }),
    ("walking and looking around", |t| {
        vec![looking(view(10.0, 20.0 + t * 1e-6, 3.0), (t * 0.1).cos(), (t * 0.1).sin())]
    }),
    ("turning on the spot, fast", |t| {
        vec![looking(view(10.0, 20.0, 700.0), (t * 0.5).cos(), (t * 0.5).sin())]
    }),
    ("up over the horizon, not seeing far", |t| {
        let here = looking(view(-60.0, t * 0.01, 2.0 + t * t), 0.0, -1.0);
        vec![View { radius_m: 60_000.0, ..here }]
    }),
];

#[test]
fn looking_only_at_what_the_views_have_come_far_enough_for_comes_to_the_same() {
    for (name, path) in PATHS {
        let mut cuts = [Cut::new(Shape::earth()), Cut::new(Shape::earth())];
        let mut requests = [Requests::default(), Requests::default()];
        for step in 0..300 {
            let views = path(f64::from(step));
            cuts[1].begin_era();
            for (cut, requests) in cuts.iter_mut().zip(&mut requests) {
                requests.take_up(cut.update(&views, classify));
                requests.0.sort_unstable_by_key(|key| (key.lod, key.region, key.pos.to_array()));
            }
            assert!(summary(&cuts[0]) == summary(&cuts[1]), "{name}, step {step}");
            let [one, two] = &mut requests;
            assert_eq!(one.0, two.0, "{name}, step {step}");
            let answered = one.0.len().div_ceil(3);
            for key in one.0.split_off(one.0.len() - answered) {
                cuts.iter_mut().for_each(|cut| assert!(cut.arrived(key)));
            }
        }
        let [few, all] = cuts.map(|cut| cut.judged);
        assert!(few < all, "{name}: {few} decisions of {all}");
    }
}

#[test]
fn ten_seconds_of_walking_look_at_no_more_than_five_frames_that_look_at_everything() {
    let mut cut = Cut::new(Shape::earth());
    let walking = |step: i32| looking(view(10.0, 20.0 + f64::from(step) * 1.2e-6, 3.0), 1.0, 0.0);
    settle(&mut cut, walking(0), 3);
    let before = cut.judged;
    cut.begin_era();
    cut.update(&[walking(0)], classify);
    let everything = cut.judged - before;
    for step in 1..=600 {
        for request in cut.update(&[walking(step)], classify).requests_unsorted {
            cut.arrived(request.key);
        }
    }
    let walked = cut.judged - before - everything;
    assert!(walked < 5 * everything, "{walked} decisions, {everything} for everything");
}

#[test]
fn requests_that_are_open_are_told_again_as_the_view_comes_nearer() {
    let mut cut = Cut::new(Shape::earth());
    let first = cut.update(&[view(0.0, 0.0, 1e7)], classify).requests_unsorted;
    let mut later = Vec::new();
    for step in 1..=UPDATES_PER_PRIORITY {
        let change = cut.update(&[view(0.0, 0.0, 1e7 - f64::from(step) * 1e6)], classify);
        if change.replaces_requests {
            later = change.requests_unsorted;
        }
    }
    let most = |requests: &[Request]| requests.iter().map(|r| r.priority).fold(0.0, f64::max);
    assert_eq!(later.len(), first.len());
    assert!(most(&later) > most(&first));
}
