//! What games are told about chunks, and what they add to them.

use bevy::light::NotShadowCaster;
use bluemarble_core::{Chunk, ChunkKey};
use glam::DVec3;
use rustc_hash::FxHashMap;

use super::*;
use crate::render::{DrawnNode, WorldDrawings};

#[derive(Component)]
struct Mark(usize);

#[test]
fn a_games_own_bundle_comes_and_goes_with_its_chunk() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        let mut contents = app.world_mut().query::<&mut ChunkContents>();
        let mut contents = contents.single_mut(app.world_mut()).expect("there is one world");
        contents.add(|key: ChunkKey, chunk: &Chunk| {
            (key.lod == 0).then_some(Mark(chunk.unique_count()))
        });
    });
    stage.settle();
    let marks = |stage: &mut Stage| {
        let mut query = stage.app.world_mut().query::<(&DrawnNode, &Mark, &Visibility)>();
        let world = stage.app.world();
        let cut = &stage.of::<WorldStreaming>().cut;
        let mut count = 0;
        for (node, mark, visibility) in query.iter(world) {
            assert!(mark.0 > 1, "a chunk of one material shows nothing");
            let is_drawn = cut.drawn().contains(&node.0);
            assert_eq!(*visibility == Visibility::Visible, is_drawn, "{}", node.0);
            count += 1;
        }
        count
    };
    assert!(marks(&mut stage) > 4);
    stage.move_to(DVec3::new(0.0, 50_000.0, 0.0));
    stage.settle();
    assert_eq!(marks(&mut stage), 0);
}

#[test]
fn chunks_live_in_order_and_every_one_that_was_loaded_is_unloaded_or_still_there() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let mut lives: FxHashMap<ChunkKey, Vec<ChunkChange>> = FxHashMap::default();
    for at in [14.0, 3_000.0, 14.0] {
        stage.move_to(DVec3::new(0.0, at, 0.0));
        for _ in 0..3_000 {
            stage.step();
            for event in stage.take::<ChunkEvent>() {
                lives.entry(event.key).or_default().push(event.change);
            }
            if stage.of::<StreamingStatistics>().settled {
                break;
            }
        }
    }
    let streamer = stage.of::<WorldStreaming>();
    let drawings = stage.of::<WorldDrawings>();
    let mut shown = 0;
    for (key, life) in &lives {
        let count = |change| life.iter().filter(|&&other| other == change).count();
        let loaded = count(ChunkChange::Loaded);
        let is_there = usize::from(streamer.residents.contains_key(key));
        assert_eq!(loaded, count(ChunkChange::Unloaded) + is_there, "{key}: {life:?}");
        assert_eq!(life[0], ChunkChange::Loaded, "{key}: {life:?}");
        let visible = count(ChunkChange::Shown) - count(ChunkChange::Hidden);
        let node = drawings.nodes.get(key);
        let is_drawn =
            streamer.cut.drawn().contains(key) && node.is_some_and(|node| node.entity().is_some());
        assert_eq!(visible, usize::from(is_drawn), "{key}: {life:?}");
        shown += visible;
    }
    assert!(shown > 20);
}

#[test]
fn a_mesher_that_panics_fails_its_chunks_and_all_others_are_streamed() {
    std::panic::set_hook(Box::new(|_| ()));
    let mesher = Panicking::at(|chunk| chunk.unique_count() >= 3);
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        let mut meshing = app.world_mut().query::<&mut Meshing>();
        let mut meshing = meshing.single_mut(app.world_mut()).expect("there is one world");
        meshing.mesher = Some(Arc::new(mesher));
    });
    stage.until("a chunk fails", |app| {
        let mut statistics = app.world_mut().query::<&StreamingStatistics>();
        statistics.single(app.world()).is_ok_and(|known| known.failed > 0)
    });
    // More panics than there are workers.
    stage.until("many have failed", |app| {
        let mut statistics = app.world_mut().query::<&StreamingStatistics>();
        statistics.single(app.world()).is_ok_and(|known| known.failed > 20)
    });
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).insert(Meshing::default());
    stage.settle();
    _ = std::panic::take_hook();
    assert!(stage.of::<StreamingStatistics>().nodes > 8);
}

#[test]
fn an_area_is_ready_when_all_of_it_is_drawn_as_fine_as_viewers_want_it() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let around = |stage: &Stage, radius_m: f64| {
        stage.of::<WorldStreaming>().cut.progress(DVec3::new(0.0, 2.0, -8.0), radius_m)
    };
    stage.step();
    assert!(!around(&stage, 20.0).is_ready());
    stage.settle();
    let area = around(&stage, 20.0);
    assert!(area.is_ready() && area.coarsest_lod == Some(0) && area.done > 1, "{area:?}");
    assert!(around(&stage, 1e5).coarsest_lod > Some(3));
    stage.move_to(DVec3::new(30_000.0, 14.0, 0.0));
    for _ in 0..3 {
        stage.step();
    }
    let there = stage.of::<WorldStreaming>().cut.progress(DVec3::new(30_000.0, 0.0, 0.0), 20.0);
    assert!(!there.is_ready(), "{there:?}");
}

#[test]
fn entities_of_nodes_that_are_gone_draw_others() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let mut most = 0;
    for round in 0..6 {
        stage.move_to(DVec3::new(f64::from(round) * 200.0, 14.0, 0.0));
        stage.settle();
        let statistics = stage.of::<StreamingStatistics>();
        most = most.max(statistics.entities);
    }
    let mut query = stage.app.world_mut().query::<&DrawnNode>();
    let all = query.iter(stage.app.world()).count();
    assert!(all < most * 2, "{all} entities, never more than {most} in use");
}

#[test]
fn chunks_throw_shadows_of_a_light_without_brightness_as_long_as_quality_is_high() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        app.insert_resource(LookQuality::High);
    });
    let counts = |stage: &mut Stage| {
        let world = stage.app.world_mut();
        let mut lights = world.query::<&DirectionalLight>();
        assert!(lights.iter(world).all(|light| light.illuminance == 0.0));
        let mut casting = world.query_filtered::<(), (With<DrawnNode>, Without<NotShadowCaster>)>();
        (
            lights.iter(world).filter(|light| light.shadow_maps_enabled).count(),
            casting.iter(world).count(),
        )
    };
    stage.settle();
    let (lights, casting) = counts(&mut stage);
    assert_eq!(lights, 1);
    assert!(casting > 4, "{casting} chunks throw shadows");
    stage.app.insert_resource(LookQuality::Medium);
    stage.step();
    assert_eq!(counts(&mut stage), (0, 0));
    stage.app.insert_resource(LookQuality::High);
    stage.step();
    let (lights, casting) = counts(&mut stage);
    assert!(lights == 1 && casting > 4);
    let night = SunCourse::Fixed(DVec3::NEG_Y);
    stage.app.world_mut().resource_mut::<SunLight>().course = night;
    stage.step();
    assert_eq!(counts(&mut stage).0, 0, "there are no shadows at night");
}
