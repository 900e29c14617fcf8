// Depth of voxels, for cameras that want it before anything else is drawn.
#import bevy_pbr::{
    mesh_functions::{get_tag, get_world_from_local, mesh_position_local_to_world},
    view_transformations::position_world_to_clip,
}
#import bevy_bluemarble::environment::environment
#import bevy_bluemarble::vertex::{Vertex, leaves_out, local_position}

struct Varying {
    @builtin(position) clip_position: vec4<f32>,
    @location(0) @interpolate(flat) tag: u32,
}

@vertex
fn vertex(in: Vertex) -> Varying {
    var out: Varying;
    let local = local_position(in.words.x, in.words.y);
    let world = mesh_position_local_to_world(get_world_from_local(in.instance_index), vec4(local, 1.0));
    out.clip_position = position_world_to_clip(world.xyz);
    out.tag = get_tag(in.instance_index);
    return out;
}

@fragment
fn fragment(in: Varying) {
#ifdef FADING
    if leaves_out(in.tag, in.clip_position.xy, environment.fade.xy) {
        discard;
    }
#endif
}
