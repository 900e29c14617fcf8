//! A camera without a window, and one picture of what it sees.

use bevy::{
    app::ScheduleRunnerPlugin,
    camera::RenderTarget,
    prelude::*,
    render::{
        render_resource::TextureFormat,
        view::screenshot::{Screenshot, ScreenshotCaptured, save_to_disk},
    },
    window::ExitCondition,
    winit::WinitPlugin,
};
use bevy_bluemarble::prelude::*;

/// Bevy's plugins without a window.
pub fn engine() -> impl PluginGroup {
    let no_window =
        WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() };
    let engine = DefaultPlugins.set(no_window).disable::<WinitPlugin>();
    engine.add(ScheduleRunnerPlugin::default())
}

/// What a camera draws to in place of a window.
pub fn canvas(images: &mut Assets<Image>) -> RenderTarget {
    let picture = Image::new_target_texture(320, 180, TextureFormat::Rgba8UnormSrgb, None);
    RenderTarget::Image(images.add(picture).into())
}

/// Once all in view is there, draws the picture that the first argument names, and ends the program.
pub fn draw_when_ready(
    mut commands: Commands,
    loading: Query<&StreamingStatistics>,
    canvas: Single<&RenderTarget>,
    mut frames_ready: Local<u32>,
) {
    let is_ready = loading.iter().all(|loading| loading.settled && loading.nodes > 8);
    *frames_ready += u32::from(is_ready);
    // Some frames later the last of it is on the graphics card.
    if let (10, true, RenderTarget::Image(image)) = (*frames_ready, is_ready, *canvas) {
        let file = std::env::args().nth(1).unwrap_or("picture.png".to_owned());
        commands
            .spawn(Screenshot::image(image.handle.clone()))
            .observe(save_to_disk(file))
            .observe(|_: On<ScreenshotCaptured>, mut exit: MessageWriter<AppExit>| {
                exit.write(AppExit::Success);
            });
    }
}
