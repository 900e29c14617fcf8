// Depth of voxels, for cameras that want it before anything else is drawn, and for shadow maps.
#import bevy_pbr::{
    mesh_functions::{get_tag, get_world_from_local, mesh_position_local_to_world},
    view_transformations::position_world_to_clip,
}
#import bevy_bluemarble::environment::environment
#import bevy_bluemarble::vertex::{Vertex, leaves_out, local_position}

struct Varying {
    @invariant @builtin(position) clip_position: vec4<f32>,
    @location(0) @interpolate(flat) tag: u32,
#ifdef UNCLIPPED_DEPTH_ORTHO_EMULATION
    @location(1) unclipped_depth: f32,
#endif
}

@vertex
fn vertex(in: Vertex) -> Varying {
    var out: Varying;
    let local = local_position(in.words.x, in.words.y);
    let world = mesh_position_local_to_world(get_world_from_local(in.instance_index), vec4(local, 1.0));
    out.clip_position = position_world_to_clip(world.xyz);
    out.tag = get_tag(in.instance_index);
#ifdef UNCLIPPED_DEPTH_ORTHO_EMULATION
    // What lies between a shadow map and the sun casts a shadow, too, where the hardware would leave it out.
    out.unclipped_depth = out.clip_position.z;
    out.clip_position.z = min(out.clip_position.z, 1.0);
#endif
    return out;
}

@fragment
#ifdef UNCLIPPED_DEPTH_ORTHO_EMULATION
fn fragment(in: Varying) -> @builtin(frag_depth) f32 {
#else
fn fragment(in: Varying) {
#endif
#ifdef FADING
    if leaves_out(in.tag, in.clip_position.xy, environment.fade.xy) {
        discard;
    }
#endif
#ifdef UNCLIPPED_DEPTH_ORTHO_EMULATION
    return in.unclipped_depth;
#endif
}
